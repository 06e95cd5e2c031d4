// A function for the tests: it does what its event asks for, by AWS's client for Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string `json:"do"`
	Text string `json:"text"`
}

var (
	instance = time.Now().UnixNano()
	calls    int
)

func handle(ctx context.Context, event event) (any, error) {
	calls++
	switch event.Do {
	case "echo":
		return event, nil
	case "calls":
		return map[string]any{"instance": instance, "calls": calls}, nil
	case "fail":
		return nil, errors.New(event.Text)
	case "exit":
		os.Exit(3)
	case "panic":
		panic(event.Text)
	}
	own, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{
		"id":        own.AwsRequestID,
		"arn":       own.InvokedFunctionArn,
		"name":      lambdacontext.FunctionName,
		"version":   lambdacontext.FunctionVersion,
		"memory":    lambdacontext.MemoryLimitInMB,
		"group":     lambdacontext.LogGroupName,
		"stream":    lambdacontext.LogStreamName,
		"remaining": time.Until(deadline).Milliseconds(),
		"custom":    own.ClientContext.Custom,
		"trace":     ctx.Value("x-amzn-trace-id"),
	}, nil
}

func main() {
	if os.Getenv("LAST_WORDS") == "" {
		lambda.Start(handle)
		return
	}
	// For this, AWS's client registers an extension of its own within the runtime's process.
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
		fmt.Println(os.Getenv("LAST_WORDS"))
	}))
}
