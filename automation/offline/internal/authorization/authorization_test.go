package authorization

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	role    = "arn:aws:iam::123456789012:role/catalog"
	items   = "arn:aws:dynamodb:eu-west-1:123456789012:table/items"
	toTopic = "arn:aws:sns:eu-west-1:123456789012:news"
)

func policy(t testing.TB, statements string) Policy {
	t.Helper()
	p, err := Parse("policy", `{"Version":"2012-10-17","Statement":`+statements+`}`)
	require.NoError(t, err)
	return p
}

func TestDecide(t *testing.T) {
	get := Request{Role: role, Action: "dynamodb:GetItem", Resource: items}
	publish := Request{
		Service: "events.amazonaws.com", Action: "sns:Publish", Resource: toTopic,
		Context: map[string][]string{"aws:SourceArn": {"arn:aws:events:eu-west-1:123456789012:rule/nightly"}},
	}
	const (
		read       = `{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"` + items + `"}`
		everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`
		deny       = `{"Effect":"Deny","Action":"dynamodb:*","Resource":"*","Principal":"*"}`
		direct     = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*","Principal":{"AWS":"` + role + `"}}`
		account    = `{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"123456789012"}}`
		service    = `{"Effect":"Allow","Action":"SNS:Publish","Resource":"*","Principal":{"Service":` +
			`["events.amazonaws.com"]}}`
	)
	tests := map[string]struct {
		request                      Request
		identity, boundary, resource string
		resourceDecides              bool
		reason                       string
	}{
		"nothing allows it":     {get, "", "", "", false, "because no identity-based policy allows it"},
		"the role's policy":     {get, read, "", "", false, ""},
		"the resource's policy": {get, "", "", direct, false, ""},
		"another action": {
			get,
			`{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"*"}`,
			"",
			"",
			false,
			"because no identity-based policy allows it",
		},
		"another resource": {
			get,
			`{"Effect":"Allow","Action":"*","Resource":"` + items + `/index/*"}`,
			"",
			"",
			false,
			"because no identity-based policy allows it",
		},
		"all but another resource": {
			get,
			`{"Effect":"Allow","Action":"*","NotResource":"` + items + `"}`,
			"",
			"",
			false,
			"because no identity-based policy allows it",
		},
		"all but other actions":       {get, `{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`, "", "", false, ""},
		"the account is not the role": {get, "", "", account, false, "because no identity-based policy allows it"},
		"a deny wins":                 {get, everything, "", deny, false, "with an explicit deny in policy"},
		"a boundary limits": {
			get,
			everything,
			`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
			"",
			false,
			"because the permissions boundary does not allow it",
		},
		"a boundary that allows":    {get, read, everything, "", false, ""},
		"a boundary allows nothing": {get, "", everything, "", false, "because no identity-based policy allows it"},
		"a key that does not know it": {
			get,
			everything,
			"",
			service,
			true,
			"because the resource-based policy does not let the account decide",
		},
		"a key that trusts IAM":     {get, everything, "", account, true, ""},
		"a key that names the role": {get, "", "", direct, true, ""},
		"a service":                 {publish, everything, "", service, false, ""},
		"a service that is not named": {
			publish,
			everything,
			"",
			account,
			false,
			"because no resource-based policy allows it",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := Policies{ResourceDecides: test.resourceDecides}
			if test.identity != "" {
				p.Identity = []Policy{policy(t, test.identity)}
			}
			if test.boundary != "" {
				boundary := policy(t, test.boundary)
				p.Boundary = &boundary
			}
			if test.resource != "" {
				p.Resource = []Policy{policy(t, test.resource)}
			}
			decision, err := Decide(test.request, p)
			require.NoError(t, err)
			require.Equal(t, test.reason, decision.Reason)
			require.Equal(t, test.reason == "", decision.Allowed)
			require.Equal(
				t,
				decision.Allowed,
				len(decision.Grants) > 0 || test.identity != "" && len(p.Identity[0].Grants()) == 0,
			)
		})
	}
}

func TestConditions(t *testing.T) {
	context := map[string][]string{
		"aws:SourceArn":       {"arn:aws:events:eu-west-1:123456789012:rule/nightly"},
		"kms:ResourceAliases": {"alias/a", "alias/b"},
		"s3:TlsVersion":       {"1.3"},
		"aws:SecureTransport": {"true"},
		"aws:PrincipalTag/t":  {"red"},
	}
	tests := []struct {
		operator, key string
		values        []string
		want          bool
	}{
		{"StringEquals", "AWS:SOURCEARN", []string{"arn:aws:events:eu-west-1:123456789012:rule/nightly"}, true},
		{"StringEquals", "aws:SourceAccount", []string{"123456789012"}, false},
		{"StringEqualsIfExists", "aws:SourceAccount", []string{"123456789012"}, true},
		{"StringNotEquals", "aws:SourceAccount", []string{"123456789012"}, true},
		{"StringLike", "aws:SourceArn", []string{"arn:*:nightly"}, false},
		{"ArnLike", "aws:SourceArn", []string{"arn:aws:events:*:123456789012:rule/*"}, true},
		{"ArnLike", "aws:SourceArn", []string{"arn:aws:*:rule/nightly"}, false},
		{"ArnEquals", "aws:SourceArn", []string{"arn:aws:events:eu-west-1:*:rule/n?ghtly"}, true},
		{"ForAnyValue:StringEquals", "kms:ResourceAliases", []string{"alias/b"}, true},
		{"ForAllValues:StringEquals", "kms:ResourceAliases", []string{"alias/b"}, false},
		{"ForAllValues:StringEquals", "kms:GrantOperations", []string{"Decrypt"}, true},
		{"ForAnyValue:StringEquals", "kms:GrantOperations", []string{"Decrypt"}, false},
		{"NumericLessThan", "s3:TlsVersion", []string{"1.2"}, false},
		{"NumericGreaterThanEquals", "s3:TlsVersion", []string{"1.2"}, true},
		{"Bool", "aws:SecureTransport", []string{"false"}, false},
		{"Null", "elasticfilesystem:AccessPointArn", []string{"true"}, true},
		{"Null", "aws:SourceArn", []string{"true"}, false},
		{"StringEquals", "aws:PrincipalTag/t", []string{"${aws:PrincipalTag/t}"}, true},
		{"StringEquals", "aws:PrincipalTag/t", []string{"${aws:PrincipalTag/other}"}, false},
	}
	for _, test := range tests {
		got, err := Condition{test.operator, test.key, test.values}.holds(context, true)
		require.NoError(t, err)
		require.Equal(t, test.want, got, "%+v", test)
	}
	_, err := Condition{"StringSounds", "aws:SourceArn", nil}.holds(context, true)
	require.ErrorContains(t, err, "the condition operator StringSounds is not one of those that are known")
}

// What variables stand for is from "IAM policy elements: Variables and tags" and "IAM JSON policy elements: Version",
// IAM user guide.
func TestVariables(t *testing.T) {
	context := map[string][]string{
		"aws:PrincipalTag/team":  {"red"},
		"aws:PrincipalTag/wild":  {"*"},
		"aws:PrincipalTag/colon": {"a:b"},
		"aws:PrincipalTag/ref":   {"${aws:PrincipalTag/team}"},
		"aws:TagKeys":            {"a", "b"},
		"aws:PrincipalTag/empty": {""},
		"aws:RequestedRegion":    {"eu-west-1"},
		"aws:PrincipalTag/star*": {"blue"},
	}
	const bucket = "arn:aws:s3:::"
	for _, test := range []struct {
		resource, asked string
		want            bool
	}{
		{bucket + "${aws:PrincipalTag/team}", bucket + "red", true},
		{bucket + "${AWS:principaltag/TEAM}", bucket + "red", true},
		{bucket + "${aws:PrincipalTag/team}", bucket + "blue", false},
		{bucket + "${aws:PrincipalTag/team}-*/x?", bucket + "red-1/xy", true},
		{bucket + "${aws:PrincipalTag/team}/${aws:PrincipalTag/team}", bucket + "red/red", true},
		{bucket + "${aws:PrincipalTag/empty}x", bucket + "x", true},
		{bucket + "${aws:PrincipalTag/star*}", bucket + "blue", true},
		// What a value has of wildcards, colons and variables stands for itself.
		{bucket + "${aws:PrincipalTag/wild}", bucket + "red", false},
		{bucket + "${aws:PrincipalTag/wild}", bucket + "*", true},
		{bucket + "${aws:PrincipalTag/colon}", bucket + "a:b", true},
		{bucket + "${aws:PrincipalTag/ref}", bucket + "red", false},
		{bucket + "${aws:PrincipalTag/ref}", bucket + "${aws:PrincipalTag/team}", true},
		// Without one value nothing matches.
		{bucket + "${aws:PrincipalTag/other}", bucket + "red", false},
		{bucket + "${aws:PrincipalTag/other}", bucket, false},
		{bucket + "${aws:PrincipalTag/other}*", bucket + "${aws:PrincipalTag/other}", false},
		{bucket + "${aws:TagKeys}", bucket + "a", false},
		{bucket + "${}", bucket, false},
		{bucket + "${aws:PrincipalTag/other, 'none'}", bucket + "none", true},
		{bucket + "${aws:PrincipalTag/other, 'none'}", bucket + "red", false},
		{bucket + "${aws:PrincipalTag/other, '*'}", bucket + "red", false},
		{bucket + "${aws:PrincipalTag/other, ''}x", bucket + "x", true},
		{bucket + "${aws:PrincipalTag/other, none}", bucket + "none", false},
		{bucket + "${aws:PrincipalTag/other, 'none}", bucket + "none", false},
		{bucket + "${aws:PrincipalTag/team, 'none'}", bucket + "red", true},
		{bucket + "${aws:TagKeys, 'none'}", bucket + "none", false},
		// Escapes.
		{bucket + "a${*}", bucket + "a*", true},
		{bucket + "a${*}", bucket + "ab", false},
		{bucket + "a${?}", bucket + "a?", true},
		{bucket + "a${?}", bucket + "ab", false},
		{bucket + "${$}{aws:PrincipalTag/team}", bucket + "${aws:PrincipalTag/team}", true},
		{bucket + "${aws", bucket + "${aws", true},
		// Variables stand behind the fifth colon only.
		{"arn:aws:sqs:${aws:RequestedRegion}:123456789012:q", "arn:aws:sqs:eu-west-1:123456789012:q", false},
		{"${aws:PrincipalTag/team}", "red", false},
	} {
		p := policy(t, `{"Effect":"Allow","Action":"*","Resource":"`+test.resource+`"}`)
		r := Request{Role: role, Action: "s3:GetObject", Resource: test.asked, Context: context}
		decision, err := Decide(r, Policies{Identity: []Policy{p}})
		require.NoError(t, err)
		require.Equal(t, test.want, decision.Allowed, "%s for %s", test.resource, test.asked)
		require.Equal(t, test.want, len(decision.Grants) == 1, "%s for %s", test.resource, test.asked)
	}
	for _, version := range []string{`"Version":"2008-10-17",`, ""} {
		p, err := Parse("old", `{`+version+`"Statement":{"Effect":"Allow","Action":"*","Resource":"`+
			bucket+`${aws:PrincipalTag/team}","Condition":{"StringLike":{"aws:PrincipalTag/ref":"${*}"}}}}`)
		require.NoError(t, err)
		for asked, want := range map[string]bool{"red": false, "${aws:PrincipalTag/team}": true} {
			decision, err := Decide(
				Request{Role: role, Action: "s3:GetObject", Resource: bucket + asked, Context: context},
				Policies{Identity: []Policy{p}},
			)
			require.NoError(t, err)
			require.Equal(t, want, decision.Allowed, "%q: variables are text: %s", version, asked)
		}
	}
}

func TestVariablesInConditions(t *testing.T) {
	context := map[string][]string{
		"aws:PrincipalTag/team": {"red"}, "aws:PrincipalTag/wild": {"*"}, "s3:prefix": {"red/x"},
		"aws:SourceArn": {"arn:aws:sns:eu-west-1:123456789012:red"}, "aws:PrincipalAccount": {"123456789012"},
		"s3:TlsVersion": {"1.2"}, "aws:PrincipalTag/version": {"1.2"},
	}
	for _, test := range []struct {
		operator, key, value string
		want                 bool
	}{
		{"StringLike", "s3:prefix", "${aws:PrincipalTag/team}/*", true},
		{"StringLike", "s3:prefix", "${aws:PrincipalTag/wild}", false},
		{"StringEquals", "s3:prefix", "${aws:PrincipalTag/team}/x", true},
		{"StringEquals", "s3:prefix", "${aws:PrincipalTag/team}/*", false},
		{"StringEqualsIgnoreCase", "s3:prefix", "${aws:PrincipalTag/team}/X", true},
		{"StringNotEquals", "s3:prefix", "${aws:PrincipalTag/team}/x", false},
		{"StringNotEquals", "s3:prefix", "${aws:PrincipalTag/none}/x", true},
		{"StringNotLike", "s3:prefix", "${aws:PrincipalTag/none}*", true},
		{"ArnLike", "aws:SourceArn", "arn:aws:sns:*:${aws:PrincipalAccount}:${aws:PrincipalTag/team}", true},
		{"ArnLike", "aws:SourceArn", "arn:aws:sns:*:${aws:PrincipalTag/wild}:red", false},
		{"ForAnyValue:StringLike", "s3:prefix", "${aws:PrincipalTag/team}*", true},
		// Only operators for texts and ARNs know variables.
		{"NumericEquals", "s3:TlsVersion", "${aws:PrincipalTag/version}", false},
	} {
		got, err := Condition{test.operator, test.key, []string{test.value}}.holds(context, true)
		require.NoError(t, err)
		require.Equal(t, test.want, got, "%+v", test)
		got, err = Condition{test.operator, test.key, []string{test.value}}.holds(context, false)
		require.NoError(t, err)
		require.Equal(t, strings.Contains(test.operator, "Not"), got, "without variables: %+v", test)
	}
}

func TestWildcards(t *testing.T) {
	matches := func(pattern, text string) bool { return wildcards(pattern).matches(text) }
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c/:]{0,8}`).Draw(t, "text")
		i := rapid.IntRange(0, len(text)).Draw(t, "from")
		j := rapid.IntRange(i, len(text)).Draw(t, "to")
		require.True(t, matches(text, text))
		require.True(t, matches(text[:i]+"*"+text[j:], text))
		require.Equal(t, i == j, matches(text[:i]+text[j:], text))
		if i < j {
			require.True(t, matches(text[:i]+"?"+text[i+1:], text))
			require.False(t, matches(text[:i]+"?"+text[i:], text))
		}
	})
}

// FuzzExpand holds what a variable stands for against a text that has the value in its place.
func FuzzExpand(f *testing.F) {
	f.Add("a*", "red", "?b")
	f.Add("${*}", "*", "${$}")
	f.Add("${aws:PrincipalTag/none, 'x'}", "${", "}")
	f.Fuzz(func(t *testing.T, before, value, after string) {
		if strings.Contains(before, "$") || strings.Contains(after, "$") {
			_, _ = expand(before+after, map[string][]string{"k": {value}})
			return
		}
		expanded, ok := expand(before+"${k}"+after, map[string][]string{"K": {value}})
		require.True(t, ok)
		require.True(t, expanded.matches(before+value+after))
		require.Equal(t, before+value+after, expanded.String())
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Action":"*","Resource":["*"],"Principal":{"AWS":"*"}}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","NotAction":["a:b"],"Condition":{"Bool":{"aws:SecureTransport":false}}}]}`)
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:x:s3:::${a, 'b'}${*}"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("fuzz", text)
		if err != nil {
			return
		}
		p.Grants()
		_, _ = Decide(
			Request{Role: role, Action: "a:b", Resource: items},
			Policies{Identity: []Policy{p}, Resource: []Policy{p}},
		)
	})
}
