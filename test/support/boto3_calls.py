"""What a data engineer's script would do with boto3, as root and with a pasted profile; prints the outcome of each as JSON."""
import json
import os
import sys
import urllib.error
import urllib.request

import boto3
from botocore.exceptions import ClientError

endpoint, profile = sys.argv[1:]
BUCKET, KEY = "customer-exports", "exports/2026/11/orders.csv"


def outcome(call):
    try:
        return call()
    except ClientError as error:
        answer = error.response
        return f"{answer['ResponseMetadata']['HTTPStatusCode']} {answer['Error']['Code']}"


def client(session, service):
    return session.client(service, endpoint_url=endpoint)


root = boto3.Session(
    aws_access_key_id=os.environ["ROOT_KEY"],
    aws_secret_access_key=os.environ["ROOT_SECRET"],
    region_name="eu-central-1",
)
s3, iam, sts = (client(root, service) for service in ("s3", "iam", "sts"))
lent = boto3.Session(profile_name=profile)
lent_s3 = client(lent, "s3")


def all_of(client, operation, field, **parameters):
    pages = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page.get(field, [])]


def versions():
    one = s3.put_object(Bucket=BUCKET, Key="boto3/a", Body=b"one")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="boto3/a", Body=b"two")
    s3.delete_object(Bucket=BUCKET, Key="boto3/a")
    found = all_of(s3, "list_object_versions", "Versions", Bucket=BUCKET, Prefix="boto3/", PaginationConfig={"PageSize": 1})
    old = s3.get_object(Bucket=BUCKET, Key="boto3/a", VersionId=one)["Body"].read().decode()
    return [len(found), old]


def fetch(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code


def presigned(signer, key):
    return fetch(signer.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=60))


def copy():
    s3.copy({"Bucket": BUCKET, "Key": KEY}, BUCKET, "boto3/copy")
    return s3.head_object(Bucket=BUCKET, Key="boto3/copy")["ContentLength"]


head = s3.head_object(Bucket="billing-archive", Key="invoices/2026/11.csv")
print(
    json.dumps(
        {
            "identity": sts.get_caller_identity()["Arn"],
            "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
            "keys": [
                item["Key"]
                for item in all_of(s3, "list_objects_v2", "Contents", Bucket=BUCKET, PaginationConfig={"PageSize": 1})
            ],
            "old keys": [item["Key"] for item in s3.list_objects(Bucket=BUCKET, Prefix="exports/")["Contents"]],
            "range": s3.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=0-4")["Body"].read().decode(),
            "encryption": head["ServerSideEncryption"],
            "versions": versions(),
            "copy": copy(),
            "presigned": presigned(s3, KEY),
            "missing": outcome(lambda: s3.head_object(Bucket=BUCKET, Key="nothing")),
            "role": iam.get_role(RoleName="DaypassAccountRole")["Role"]["Arn"],
            "trust": iam.get_role(RoleName="DaypassAccountRole")["Role"]["AssumeRolePolicyDocument"]["Version"],
            "roles": [role["RoleName"] for role in all_of(iam, "list_roles", "Roles", PathPrefix="/daypass/")],
            "missing role": outcome(lambda: iam.get_role(RoleName="nobody")),
            "not assumed": outcome(
                lambda: sts.assume_role(RoleArn=iam.get_role(RoleName="DaypassAccountRole")["Role"]["Arn"], RoleSessionName="x1")
            ),
            "lent identity": client(lent, "sts").get_caller_identity()["Arn"].split("/")[-1],
            "lent read": lent_s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read().decode(),
            "lent list": [item["Key"] for item in lent_s3.list_objects_v2(Bucket=BUCKET, Prefix="exports/2026/11/")["Contents"]],
            "lent presigned": presigned(lent_s3, KEY),
            "outside": outcome(lambda: lent_s3.get_object(Bucket=BUCKET, Key="internal/salaries.csv")["Body"].read().decode()),
            "outside presigned": presigned(lent_s3, "internal/salaries.csv"),
            "outside head": outcome(lambda: lent_s3.head_object(Bucket=BUCKET, Key="internal/salaries.csv")),
            "outside list": outcome(lambda: lent_s3.list_objects_v2(Bucket=BUCKET)),
            "written": outcome(lambda: lent_s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")),
        }
    )
)
