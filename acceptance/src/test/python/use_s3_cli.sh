# Uses S3 by the AWS CLI with only the endpoint set.
set -e
mkdir site
echo one >site/one.txt
echo two >site/two.txt
aws s3 mb s3://site
aws s3 sync site s3://site/pages
aws s3 ls s3://site/pages/ | grep -q one.txt
[[ $(aws s3 cp s3://site/pages/two.txt -) == two ]]
head -c 9000000 /dev/urandom >large
aws s3 cp --quiet large s3://site/large
aws s3 cp --quiet s3://site/large back
cmp large back
aws s3api get-object --bucket site --key pages/one.txt --query ContentLength --output text out | grep -qx 4
aws s3 rb --force s3://site
echo 'all went well'
