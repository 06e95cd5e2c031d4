// An extension for the tests, written for AWS's Extensions and Telemetry APIs with nothing but Go's
// own library: it keeps what it is told of invocations, and hands it on, as a line of its log, when
// it is told to end.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const listenAt = "sandbox.localdomain:4243"

type event struct {
	EventType      string `json:"eventType"`
	DeadlineMs     int64  `json:"deadlineMs"`
	RequestID      string `json:"requestId"`
	ShutdownReason string `json:"shutdownReason"`
}

// What is handed on.
type diary struct {
	Invoked []string          `json:"invoked"`
	Reason  string            `json:"reason"`
	Lines   []string          `json:"lines"`
	Done    map[string]string `json:"done"`
	Reports map[string]string `json:"reports"`
}

var (
	lock sync.Mutex
	kept = diary{Done: map[string]string{}, Reports: map[string]string{}}
	api  = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API")
	name = filepath.Base(os.Args[0])
	id   string
)

func call(method, path string, content any, header, value string) (http.Header, []byte) {
	var body io.Reader
	if content != nil {
		text, err := json.Marshal(content)
		check(err)
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, api+path, body)
	check(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s: %s", path, response.Status, text)
	}
	return response.Header, text
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func told(_ http.ResponseWriter, request *http.Request) {
	var events []struct {
		Type   string          `json:"type"`
		Record json.RawMessage `json:"record"`
	}
	check(json.NewDecoder(request.Body).Decode(&events))
	lock.Lock()
	defer lock.Unlock()
	for _, one := range events {
		var line string
		var of struct {
			RequestID string `json:"requestId"`
			Status    string `json:"status"`
		}
		switch one.Type {
		case "function":
			check(json.Unmarshal(one.Record, &line))
			add(line)
		case "platform.runtimeDone":
			check(json.Unmarshal(one.Record, &of))
			kept.Done[of.RequestID] = of.Status
		case "platform.report":
			check(json.Unmarshal(one.Record, &of))
			kept.Reports[of.RequestID] = of.Status
		}
	}
}

// A batch may come twice.
func add(line string) {
	for _, known := range kept.Lines {
		if known == line {
			return
		}
	}
	kept.Lines = append(kept.Lines, line)
}

func complete() bool {
	lock.Lock()
	defer lock.Unlock()
	for _, invoked := range kept.Invoked {
		if kept.Reports[invoked] == "" {
			return false
		}
	}
	return true
}

func flush(shutdown event) {
	// A batch may still be on its way.
	for time.Now().UnixMilli()+500 < shutdown.DeadlineMs && !complete() {
		time.Sleep(10 * time.Millisecond)
	}
	lock.Lock()
	defer lock.Unlock()
	kept.Reason = shutdown.ShutdownReason
	text, err := json.Marshal(kept)
	check(err)
	fmt.Println("flushed " + string(text))
}

func main() {
	header, _ := call("POST", "/2020-01-01/extension/register",
		map[string]any{"events": []string{"INVOKE", "SHUTDOWN"}}, "Lambda-Extension-Name", name)
	id = header.Get("Lambda-Extension-Identifier")
	listener, err := net.Listen("tcp", listenAt)
	check(err)
	go http.Serve(listener, http.HandlerFunc(told))
	call("PUT", "/2022-07-01/telemetry", map[string]any{
		"schemaVersion": "2022-12-13",
		"types":         []string{"platform", "function"},
		"buffering":     map[string]int{"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144},
		"destination":   map[string]string{"protocol": "HTTP", "URI": "http://" + listenAt},
	}, "Lambda-Extension-Identifier", id)
	for {
		_, text := call("GET", "/2020-01-01/extension/event/next", nil, "Lambda-Extension-Identifier", id)
		var next event
		check(json.Unmarshal(text, &next))
		if next.EventType == "SHUTDOWN" {
			flush(next)
			return
		}
		lock.Lock()
		kept.Invoked = append(kept.Invoked, next.RequestID)
		lock.Unlock()
	}
}
