#!/usr/bin/env bash
# Creates, calls, changes, lists and deletes a function by the AWS CLI, and checks what it gets.
set -euo pipefail

same() {
  [[ $1 == "$2" ]] || {
    echo "'$1' instead of '$2'"
    exit 1
  }
}

printf 'def handler(event, context):\n    return {"hello": event["name"]}\n' >hello.py
python3 -m zipfile -c hello.zip hello.py
aws lambda create-function --function-name by-cli --runtime python3.13 --handler hello.handler \
  --role arn:aws:iam::000000000000:role/any --zip-file fileb://hello.zip >created.json
aws lambda wait function-active-v2 --function-name by-cli
same "$(aws lambda get-function --function-name by-cli --query Configuration.State --output text)" Active

echo '{"name": "world"}' >event.json
aws lambda invoke --function-name by-cli --payload fileb://event.json --log-type Tail answer.json >invoked.json
same "$(cat answer.json)" '{"hello": "world"}'
grep -qF "\"ExecutedVersion\": \"\$LATEST\"" invoked.json
same "$(aws lambda invoke --function-name by-cli --payload fileb://event.json --log-type Tail --query LogResult \
  --output text /dev/null | base64 -d | grep -c '^REPORT RequestId: ')" 1
same "$(aws lambda invoke --function-name by-cli --query FunctionError --output text error.json)" Unhandled
grep -q KeyError error.json

printf 'import os\ndef handler(event, context):\n    return os.environ["WHO"]\n' >hello.py
python3 -m zipfile -c hello.zip hello.py
aws lambda update-function-code --function-name by-cli --zip-file fileb://hello.zip >/dev/null
aws lambda wait function-updated-v2 --function-name by-cli
aws lambda update-function-configuration --function-name by-cli --environment 'Variables={WHO=you}' --timeout 9 >/dev/null
aws lambda wait function-updated-v2 --function-name by-cli
aws lambda invoke --function-name by-cli answer.json >/dev/null
same "$(cat answer.json)" '"you"'
same "$(aws lambda get-function-configuration --function-name by-cli --query Timeout --output text)" 9

aws lambda list-functions --query 'Functions[].FunctionName' --output text | tr '\t' '\n' | grep -qx by-cli
aws lambda delete-function --function-name by-cli
if aws lambda get-function --function-name by-cli 2>error.txt; then exit 1; fi
grep -q 'ResourceNotFoundException.*Function not found: arn:aws:lambda:us-east-1:000000000000:function:by-cli' error.txt
if aws lambda list-capacity-providers 2>error.txt; then exit 1; fi
grep -q NotImplementedException error.txt
echo 'all went well'
