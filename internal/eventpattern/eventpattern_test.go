package eventpattern

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The event is that of "Amazon EC2 Auto Scaling events", shortened, with a list of objects.
const event = `{
	"source": "aws.autoscaling", "address": "10.0.0.7", "path": "a/lib/*b",
	"resources": ["arn:group", "arn:instance"], "empty": [], "none": null,
	"detail": {"cause": "launch", "count": 2, "done": true, "parts": [{"id": "a", "code": 0}, {"id": "b", "code": 1}]}
}`

func TestMatches(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"source": ["aws.ec2", "aws.autoscaling"]}`:                                             true,
		`{"source": ["aws.ec2"]}`:                                                                false,
		`{"source": ["aws.autoscaling"], "detail": {"cause": ["end"]}}`:                          false,
		`{"none": [null]}`:                                                                       true,
		`{"detail": {"count": [2], "done": [true]}}`:                                             true,
		`{"detail": {"count": ["2"]}}`:                                                           false,
		`{"resources": [{"prefix": "arn:inst"}]}`:                                                true,
		`{"resources": [{"suffix": "stance"}]}`:                                                  true,
		`{"resources": [{"prefix": "arn:volume"}]}`:                                              false,
		`{"source": [{"equals-ignore-case": "AWS.AutoScaling"}]}`:                                true,
		`{"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}`:                               true,
		`{"source": [{"suffix": {"equals-ignore-case": "AWS."}}]}`:                               false,
		`{"source": [{"wildcard": "aws.*ing"}]}`:                                                 true,
		`{"source": [{"wildcard": "aws.*ed"}]}`:                                                  false,
		`{"path": [{"wildcard": "*/lib/\\*b"}]}`:                                                 true,
		`{"path": [{"wildcard": "a.lib/*"}]}`:                                                    false,
		`{"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}`:                                  false,
		`{"address": [{"cidr": "10.0.0.0/24"}]}`:                                                 true,
		`{"address": [{"cidr": "10.0.1.0/24"}]}`:                                                 false,
		`{"source": [{"cidr": "10.0.1.0/24"}]}`:                                                  false,
		`{"source": [{"anything-but": {"equals-ignore-case": ["AWS.EC2", "aws.Autoscaling"]}}]}`: false,
		`{"detail": {"count": [{"numeric": [">", 1, "<=", 2]}]}}`:                                true,
		`{"detail": {"count": [{"numeric": [">", 2]}]}}`:                                         false,
		`{"detail": {"cause": [{"numeric": [">", 0]}]}}`:                                         false,
		`{"detail": {"cause": [{"exists": true}]}}`:                                              true,
		`{"detail": {"reason": [{"exists": true}]}}`:                                             false,
		`{"detail": {"reason": [{"exists": false}]}}`:                                            true,
		`{"detail": {"reason": {"code": [{"exists": false}]}}}`:                                  true,
		`{"detail": [{"exists": true}]}`:                                                         false,
		`{"empty": [{"exists": false}]}`:                                                         true,
		`{"detail": {"cause": [{"anything-but": "launch"}]}}`:                                    false,
		`{"detail": {"cause": [{"anything-but": ["end", "stop"]}]}}`:                             true,
		`{"detail": {"cause": [{"anything-but": {"suffix": ["unch", "op"]}}]}}`:                  false,
		`{"detail": {"cause": [{"anything-but": {"prefix": "unch"}}]}}`:                          true,
		`{"detail": {"reason": [{"anything-but": "launch"}]}}`:                                   false,
		`{"detail": {"parts": {"code": [{"anything-but": [0]}]}}}`:                               true,
		`{"detail": {"parts": {"id": ["a"], "code": [0]}}}`:                                      true,
		`{"detail": {"parts": {"id": ["a"], "code": [1]}}}`:                                      false,
		`{"$or": [{"source": ["x"]}, {"detail": {"count": [2]}}]}`:                               true,
		`{"detail": {"$or": [{"count": [3]}, {"cause": ["end"]}]}}`:                              false,
		`{"source": ["x"], "$or": [{"none": [null]}, {"detail": {"cause": ["launch"]}}]}`:        false,
	} {
		parsed, err := Parse(pattern)
		require.NoError(t, err, pattern)
		matches, err := parsed.Matches(event)
		require.NoError(t, err, pattern)
		require.Equal(t, want, matches, pattern)
	}
	parsed, err := Parse(`{"source": ["aws.ec2"]}`)
	require.NoError(t, err)
	_, err = parsed.Matches("no event")
	require.Error(t, err)
}

func TestWhatEventBridgeRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		`[]`:                                   "no JSON object",
		`{}`:                                   "empty objects",
		`{"source": "aws.ec2"}`:                `"source" must be an object or an array`,
		`{"source": []}`:                       "empty arrays",
		`{"source": [["aws.ec2"]]}`:            "match values must be",
		`{"detail": {"a": [{"begins": "x"}]}}`: `"detail.a": unrecognized match type begins`,
		`{"a": [{"prefix": "x", "suffix": "y"}]}`:        "only one key",
		`{"a": [{"prefix": 1}]}`:                         "prefix: must be a string",
		`{"a": [{"exists": "yes"}]}`:                     "exists: must be true or false",
		`{"a": [{"numeric": [">"]}]}`:                    "numeric: must be one or two comparisons",
		`{"a": [{"numeric": [">", "1"]}]}`:               "numeric: must be an operator and a number",
		`{"a": [{"anything-but": []}]}`:                  "empty lists",
		`{"a": [{"anything-but": {"numeric": [1]}}]}`:    "unrecognized match type numeric",
		`{"a": [{"anything-but": {"prefix": [1]}}]}`:     "must be a string",
		`{"a": [{"wildcard": "a**b"}]}`:                  "without two * in a row",
		`{"a": [{"cidr": "10.0.0.0"}]}`:                  "must be a CIDR block",
		`{"a": [{"prefix": {"equals-ignore-case": 1}}]}`: "must be a string",
		`{"$or": [{"a": ["x"]}]}`:                        "at least 2",
		`{"$or": [{"a": ["x"]}, "y"]}`:                   "only JSON objects",
		`{"$or": [{"a": ["x"]}, {}]}`:                    "empty objects",
	} {
		_, err := Parse(pattern)
		require.ErrorContains(t, err, want, pattern)
	}
}
