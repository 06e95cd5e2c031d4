# A custom runtime that streams its results, with nothing but sockets.

import base64
import http.client
import json
import os
import sys

API = '/2018-06-01/runtime/invocation/'
host = os.environ['AWS_LAMBDA_RUNTIME_API']
waiting = http.client.HTTPConnection(host)

while True:
    waiting.request('GET', API + 'next')
    response = waiting.getresponse()
    body = response.read()
    if response.status == 403:
        # It has not been seen yet that the result was cut off.
        continue
    event = json.loads(body)
    request_id = response.headers['Lambda-Runtime-Aws-Request-Id']
    answer = http.client.HTTPConnection(host)
    answer.putrequest('POST', API + request_id + '/response')
    answer.putheader('Content-Type', 'text/plain')
    answer.putheader('Transfer-Encoding', 'chunked')
    answer.putheader('Lambda-Runtime-Function-Response-Mode', 'streaming')
    answer.putheader('Trailer', 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body')
    answer.endheaders()
    for text in ('one', 'two', 'three'):
        data = text.encode()
        answer.send(b'%x\r\n%s\r\n' % (len(data), data))
    if event['do'] == 'cut':
        answer.close()
        continue
    trailers = b''
    if event['do'] == 'late':
        error = json.dumps({'errorType': 'Custom.Late', 'errorMessage': 'as told by trailers'})
        trailers = (b'Lambda-Runtime-Function-Error-Type: Custom.Late\r\n'
                    b'Lambda-Runtime-Function-Error-Body: ' + base64.b64encode(error.encode()) + b'\r\n')
    answer.send(b'0\r\n' + trailers + b'\r\n')
    status = answer.getresponse().status
    if status != 202:
        sys.exit(f'the result was answered with {status}')
    answer.close()
