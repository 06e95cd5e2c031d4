"""Uses S3 by boto3 with only the endpoint set, and checks what it gets."""

import io
import os
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client("s3")


def equal(found, expected):
    assert found == expected, f"{found!r:.500} instead of {expected!r:.500}"


def refused(code, operation, **arguments):
    try:
        operation(**arguments)
    except ClientError as refusal:
        equal(refusal.response["Error"]["Code"], code)
        return refusal.response["Error"]["Message"]
    raise AssertionError(f"{operation} was not refused")


s3.create_bucket(Bucket="things")
s3.get_waiter("bucket_exists").wait(Bucket="things")
boto3.client("s3", region_name="eu-west-1").create_bucket(
    Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
assert {"elsewhere", "things"} <= {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}

put = s3.put_object(
    Bucket="things", Key="dir/a b+ü.txt", Body=b"hello", ContentType="text/x-greeting", Metadata={"who": "me"})
got = s3.get_object(Bucket="things", Key="dir/a b+ü.txt")
equal(got["Body"].read(), b"hello")
equal((got["ContentType"], got["Metadata"], got["ETag"]), ("text/x-greeting", {"who": "me"}, put["ETag"]))
equal(s3.get_object(Bucket="things", Key="dir/a b+ü.txt", Range="bytes=1-3")["Body"].read(), b"ell")
head = s3.head_object(Bucket="things", Key="dir/a b+ü.txt")
equal((head["ContentLength"], head["ContentType"]), (5, "text/x-greeting"))
s3.put_object(Bucket="things", Key="empty", Body=b"")
equal(s3.get_object(Bucket="things", Key="empty")["Body"].read(), b"")

big = os.urandom(1 << 20) * 20
s3.upload_fileobj(io.BytesIO(big), "things", "big")
back = io.BytesIO()
s3.download_fileobj("things", "big", back)
assert back.getvalue() == big, "the big object came back different"
s3.copy_object(Bucket="elsewhere", Key="copied", CopySource={"Bucket": "things", "Key": "dir/a b+ü.txt"})
equal(s3.get_object(Bucket="elsewhere", Key="copied")["Body"].read(), b"hello")

pages = s3.get_paginator("list_objects_v2").paginate(Bucket="things", PaginationConfig={"PageSize": 1})
equal([entry["Key"] for page in pages for entry in page["Contents"]], ["big", "dir/a b+ü.txt", "empty"])
tree = s3.list_objects_v2(Bucket="things", Delimiter="/")
equal([prefix["Prefix"] for prefix in tree["CommonPrefixes"]], ["dir/"])

for signature in ("s3", "s3v4"):
    for key in (None, sys.argv[1:3]):
        more = {} if key is None else {"aws_access_key_id": key[0], "aws_secret_access_key": key[1]}
        signer = boto3.client("s3", config=Config(signature_version=signature), **more)
        target = {"Bucket": "things", "Key": "by link"}
        link = signer.generate_presigned_url("put_object", Params=target)
        with urllib.request.urlopen(urllib.request.Request(link, b"linked", {"Content-Type": ""}, method="PUT")):
            pass
        link = signer.generate_presigned_url(
            "get_object", Params=target | {"ResponseContentDisposition": "attachment; filename=x"})
        with urllib.request.urlopen(link) as download:
            equal(download.read(), b"linked")
        if key:
            try:
                urllib.request.urlopen(link.replace("by%20link", "empty"))
            except urllib.error.HTTPError as refusal:
                equal(refusal.status, 403)
                assert b"<Code>SignatureDoesNotMatch</Code>" in refusal.read()
            else:
                raise AssertionError("a link works for another object")
            expired = signer.generate_presigned_url("get_object", Params=target, ExpiresIn=-10)
            try:
                urllib.request.urlopen(expired)
            except urllib.error.HTTPError as refusal:
                assert refusal.status in (400, 403), refusal.status
            else:
                raise AssertionError("a link works for ever")

equal(refused("NoSuchKey", s3.get_object, Bucket="things", Key="absent"), "The specified key does not exist.")
equal(refused("NoSuchBucket", s3.get_object, Bucket="no-such-bucket", Key="x"),
      "The specified bucket does not exist")
refused("404", s3.head_object, Bucket="things", Key="absent")
refused("BucketNotEmpty", s3.delete_bucket, Bucket="things")
wrong = boto3.client("s3", aws_access_key_id=sys.argv[1], aws_secret_access_key="wrong")
refused("SignatureDoesNotMatch", wrong.put_object, Bucket="things", Key="forged", Body=b"x")
refused("404", s3.head_object, Bucket="things", Key="forged")

refused("NotImplemented", s3.put_bucket_versioning, Bucket="things", VersioningConfiguration={"Status": "Enabled"})

bucket = boto3.resource("s3").Bucket("things")
bucket.objects.delete()
bucket.delete()
s3.delete_object(Bucket="elsewhere", Key="copied")
s3.delete_bucket(Bucket="elsewhere")
print("all went well")
