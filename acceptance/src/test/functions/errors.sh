#!/bin/bash
# A custom runtime that fails in the way that its handler's name says; it speaks HTTP over bash's
# own sockets, for curl may be missing.
set -u
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}

# call METHOD PATH BODY [HEADER]: sets `id` to the answer's request id.
call() {
  local line length=0
  exec 3<>"/dev/tcp/$host/$port"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s' \
    "$1" "$2" "$host" "${#3}" "${4:+$4$'\r\n'}" "$3" >&3
  while IFS= read -r line <&3; do
    line=${line%$'\r'}
    case ${line,,} in
      '') break ;;
      lambda-runtime-aws-request-id:*) id=${line#*: } ;;
      content-length:*) length=${line#*: } ;;
    esac
  done
  IFS= read -r -N "$length" <&3
  exec 3>&-
}

kind='Lambda-Runtime-Function-Error-Type: Own.Error'
if [[ $_HANDLER == init ]]; then
  echo 'cannot begin'
  call POST init/error '{"errorMessage":"no luck","errorType":"Own.Error","own":[1]}' "$kind"
  exit 1
fi
while true; do
  call GET invocation/next ''
  case $_HANDLER in
    throw) call POST "invocation/$id/error" '{"errorMessage":"no luck","errorType":"Own.Error"}' "$kind" ;;
    garbled_error) call POST "invocation/$id/error" 'no luck {' "$kind" ;;
    garbled) call POST "invocation/$id/response" 'no JSON {' ;;
    large) call POST "invocation/$id/response" "\"$(head -c 7340032 /dev/zero | tr '\0' x)\"" ;;
  esac
done
