package authorization

import (
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
		got, err := Condition{test.operator, test.key, test.values}.holds(context)
		require.NoError(t, err)
		require.Equal(t, test.want, got, "%+v", test)
	}
	_, err := Condition{"StringSounds", "aws:SourceArn", nil}.holds(context)
	require.ErrorContains(t, err, "the condition operator StringSounds is not one of those that are known")
}

func TestWildcards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c/]{0,8}`).Draw(t, "text")
		i := rapid.IntRange(0, len(text)).Draw(t, "from")
		j := rapid.IntRange(i, len(text)).Draw(t, "to")
		require.True(t, wildcard(text, text))
		require.True(t, wildcard(text[:i]+"*"+text[j:], text))
		require.Equal(t, i == j, wildcard(text[:i]+text[j:], text))
		if i < j {
			require.True(t, wildcard(text[:i]+"?"+text[i+1:], text))
			require.False(t, wildcard(text[:i]+"?"+text[i:], text))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Action":"*","Resource":["*"],"Principal":{"AWS":"*"}}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","NotAction":["a:b"],"Condition":{"Bool":{"aws:SecureTransport":false}}}]}`)
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
