#!/usr/bin/env bash
# Uses every waiter that the AWS CLI has for Lambda, and its own paging.
set -euo pipefail

same() {
  [[ $1 == "$2" ]] || {
    echo "'$1' instead of '$2'"
    exit 1
  }
}

printf 'def handler(event, context):\n    return event\n' >app.py
python3 -m zipfile -c app.zip app.py
aws lambda create-function --function-name waits --runtime python3.13 --handler app.handler \
  --role arn:aws:iam::000000000000:role/any --zip-file fileb://app.zip >/dev/null
aws lambda wait function-exists --function-name waits
aws lambda wait function-active --function-name waits
aws lambda wait function-active-v2 --function-name waits
aws lambda update-function-configuration --function-name waits --description changed >/dev/null
aws lambda wait function-updated --function-name waits
aws lambda wait function-updated-v2 --function-name waits
same "$(aws lambda publish-version --function-name waits --query Version --output text)" 1
aws lambda wait published-version-active --function-name waits --qualifier 1
same "$(aws lambda list-versions-by-function --function-name waits --page-size 1 --query 'Versions[].Version' \
  --output text | tr '\n\t' '  ')" "\$LATEST 1 "
# All of them are above.
same "$(aws lambda wait no-such-waiter 2>&1 | grep -oE '(function|published)-[a-z0-9-]+' | wc -l)" 6
aws lambda delete-function --function-name waits
echo 'all went well'
