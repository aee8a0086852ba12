"""Events in the shapes that AWS documents, made from one request of HTTP; and what their answers say.

Each shape is the sample of its service's documentation, with the request's parts put in:
API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
Function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
Load balancer: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
VPC Lattice: https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
SQS, SNS, EventBridge: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

import base64
import dataclasses
import json
import urllib.parse
import uuid


@dataclasses.dataclass
class Request:
    """A request: `query` and `headers` are pairs, in order; names of headers are in small letters."""

    method: str
    path: str
    query: list = dataclasses.field(default_factory=list)
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""


def texts(body):
    """A body and whether it is base64: what is no UTF-8 is."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def many(pairs):
    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def last(pairs):
    return dict(pairs)


def joined(pairs):
    return {name: ",".join(values) for name, values in many(pairs).items()}


def gateway_v1(request, prefix=""):
    """API Gateway's REST API; `prefix`: the stage in the context's path, which a custom domain leaves out."""
    body, is_base64 = texts(request.body)
    return {
        "version": "1.0", "resource": "/{proxy+}", "path": request.path, "httpMethod": request.method,
        "headers": last(request.headers), "multiValueHeaders": many(request.headers),
        "queryStringParameters": last(request.query) or None,
        "multiValueQueryStringParameters": many(request.query) or None,
        "requestContext": {
            "accountId": "123456789012", "apiId": "id", "authorizer": {"claims": None, "scopes": None},
            "domainName": "id.execute-api.us-east-1.amazonaws.com", "domainPrefix": "id",
            "extendedRequestId": "request-id",
            "httpMethod": request.method,
            "identity": {"accessKey": None, "accountId": None, "caller": None, "cognitoAuthenticationProvider": None,
                         "cognitoAuthenticationType": None, "cognitoIdentityId": None, "cognitoIdentityPoolId": None,
                         "principalOrgId": None, "sourceIp": "192.0.2.1", "user": None, "userAgent": "user-agent",
                         "userArn": None, "clientCert": None},
            "path": prefix + request.path, "protocol": "HTTP/1.1", "requestId": "id=",
            "requestTime": "04/Mar/2020:19:15:17 +0000",
            "requestTimeEpoch": 1583349317135, "resourceId": None, "resourcePath": "/{proxy+}", "stage": "prod"},
        "pathParameters": {"proxy": request.path.lstrip("/")}, "stageVariables": None,
        "body": body or None, "isBase64Encoded": is_base64}


def gateway_v2(request, stage="$default", domain="id.execute-api.us-east-1.amazonaws.com"):
    """API Gateway's HTTP API; a stage with a name stands in front of the path."""
    body, is_base64 = texts(request.body)
    path = request.path if stage == "$default" else f"/{stage}{request.path}"
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path,
        "rawQueryString": urllib.parse.urlencode(request.query),
        "headers": joined(request.headers),
        "requestContext": {
            "accountId": "123456789012", "apiId": "api-id", "domainName": domain, "domainPrefix": domain.split(".")[0],
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                     "userAgent": "agent"},
            "requestId": "id", "routeKey": "$default", "stage": stage, "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390},
        "isBase64Encoded": is_base64}
    if request.query:
        event["queryStringParameters"] = joined(request.query)
    return event | ({"body": body} if body else {})


def function_url(request):
    """A Function URL: the HTTP API's, with another domain."""
    return gateway_v2(request, domain="url-id.lambda-url.us-west-2.on.aws")


def load_balancer(request, is_multi=False):
    """An Application Load Balancer: names and values of the query as they were sent, percent-encoded."""
    body, is_base64 = texts(request.body)
    query = [(urllib.parse.quote(name), urllib.parse.quote(value)) for name, value in request.query]
    group = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/lambda-279XGJDqGZ5rsrHC2Fjr/49e9d65c45c6791a"
    event = {"requestContext": {"elb": {"targetGroupArn": group}},
             "httpMethod": request.method, "path": request.path, "body": body, "isBase64Encoded": is_base64}
    if is_multi:
        return event | {"multiValueHeaders": many(request.headers), "multiValueQueryStringParameters": many(query)}
    return event | {"headers": last(request.headers), "queryStringParameters": last(query)}


def load_balancer_multi(request):
    """The same where the target group has multi-value headers."""
    return load_balancer(request, is_multi=True)


def lattice_v2(request):
    """VPC Lattice, version 2."""
    body, is_base64 = texts(request.body)
    path = request.path + ("?" + urllib.parse.urlencode(request.query) if request.query else "")
    return {
        "version": "2.0", "path": path, "method": request.method, "headers": many(request.headers),
        "queryStringParameters": many(request.query), "body": body, "isBase64Encoded": is_base64,
        "requestContext": {
            "serviceNetworkArn": "arn:aws:vpc-lattice:us-east-2:123456789012:servicenetwork/sn-0bf3f2882e9cc805a",
            "serviceArn": "arn:aws:vpc-lattice:us-east-2:123456789012:service/svc-0a40eebed65f8d69c",
            "targetGroupArn": "arn:aws:vpc-lattice:us-east-2:123456789012:targetgroup/tg-6d0ecf831eec9f09",
            "identity": {"sourceVpcArn": "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-0b8276c84697e7339",
                         "type": "AWS_IAM", "principal": "arn:aws:iam::123456789012:assumed-role/my-role/my-session"},
            "region": "us-east-2", "timeEpoch": "1690497599177430"}}


def lattice_v1(request):
    """VPC Lattice, version 1."""
    body, is_base64 = texts(request.body)
    path = request.path + ("?" + urllib.parse.urlencode(request.query) if request.query else "")
    return {"raw_path": path, "method": request.method, "headers": joined(request.headers),
            "query_string_parameters": joined(request.query), "body": body, "is_base64_encoded": is_base64}


# Those that carry every part of a request.
KINDS = {kind.__name__: kind for kind in
         (gateway_v1, gateway_v2, function_url, load_balancer, load_balancer_multi, lattice_v1, lattice_v2)}


def answer(found):
    """(status, {name in small letters: value}, body's bytes) of what a function answered an event of HTTP with."""
    body = found.get("body") or ""
    body = base64.b64decode(body) if found.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): values[0] for name, values in (found.get("multiValueHeaders") or {}).items()}
    headers |= {name.lower(): value for name, value in (found.get("headers") or {}).items()}
    return found["statusCode"], headers, body


def message(body, group=None, message_id=None):
    """A message as a batch of SQS has it; `group`: of a FIFO queue."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                  "ApproximateFirstReceiveTimestamp": "1545082649185"}
    if group is not None:
        attributes |= {"MessageGroupId": group, "SequenceNumber": "18849496460467696128",
                       "MessageDeduplicationId": str(uuid.uuid4())}
    queue = "my-queue" if group is None else "my-queue.fifo"
    return {"messageId": message_id or str(uuid.uuid4()), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body if isinstance(body, str) else json.dumps(body), "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-2:123456789012:{queue}", "awsRegion": "us-east-2"}


def notification(text):
    """What SNS puts around a message that it gives to a queue."""
    return json.dumps({
        "Type": "Notification", "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic", "Subject": "Testing publish to subscribed queues",
        "Message": text, "Timestamp": "2012-03-29T05:12:16.901Z", "SignatureVersion": "1", "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe"})


def bridged(detail):
    """An event of EventBridge."""
    return {"version": "0", "id": "12345678-1234-1234-1234-111122223333", "detail-type": "rows", "source": "my.source",
            "account": "123456789012", "time": "2019-03-01T01:23:45Z", "region": "us-east-1", "resources": [],
            "detail": detail}
