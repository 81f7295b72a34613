package document

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	got, err := Parse(`{"Version": "2012-10-17", "Statement": {
		"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:a", "arn:b"],
			"Principal": {"AWS": ["b", "a"], "Service": "x"},
		"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}, "Bool": {"aws:SecureTransport": true}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Document{Version: "2012-10-17", Statements: []Statement{{
		Sid: "One", Allow: true, Actions: []string{"s3:GetObject"}, Resources: []string{"arn:a", "arn:b"},
		Principals: []Principal{{"AWS", "a"}, {"AWS", "b"}, {"Service", "x"}},
		Conditions: []Condition{
			{"Bool", "aws:SecureTransport", []string{"true"}},
			{"StringEquals", "aws:SourceAccount", []string{"123456789012"}},
		},
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A policy variable stands for one value, whatever characters it is written with.
func TestVariablesAreNoWildcards(t *testing.T) {
	const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
	for _, test := range []struct {
		version, resource string
		unbounded, any    bool
		text              string // what it has to match, and not to
		matches           bool
	}{
		{"2012-10-17", arn + "*", false, true, arn + "items", true},
		{"2012-10-17", arn + "${aws:PrincipalTag/team}", false, false, arn + "items", false},
		{"2012-10-17", arn + "${aws:PrincipalTag/team, '*'}", false, false, arn + "items", false},
		{"2012-10-17", arn + "${*}", false, false, arn + "${x}", false},
		{"2012-10-17", arn + "${?}*", false, false, arn + "items", false},
		{"2012-10-17", arn + "*/${aws:PrincipalTag/team}", false, false, arn + "items/red", false},
		{"2012-10-17", "arn:aws:s3:::${*}", false, false, "arn:aws:s3:::items", false},
		{"2012-10-17", "arn:aws:s3:::${aws:PrincipalTag/team}/*", false, false, "arn:aws:s3:::red/a", false},
		{"2008-10-17", "arn:aws:s3:::${*}", false, false, "arn:aws:s3:::${x}", true},
	} {
		parsed, err := Parse(`{"Version": "` + test.version + `", "Statement": {"Effect": "Allow", "Action": "*", ` +
			`"Resource": "` + test.resource + `"}}`)
		if err != nil {
			t.Fatal(err)
		}
		resource := parsed.Statements[0].Resources[0]
		if Unbounded(resource) != test.unbounded || AnyOfKind(resource) != test.any ||
			Match(resource, test.text) != test.matches {
			t.Errorf("%s %s: unbounded %v, any of its kind %v, matches %s %v", test.version, test.resource,
				Unbounded(resource), AnyOfKind(resource), test.text, Match(resource, test.text))
		}
	}
}

// A key always has its own value.
func TestAConditionOnTheKeysOwnValueIsNone(t *testing.T) {
	for value, want := range map[string]bool{
		"${aws:SourceAccount}": false, "${AWS:sourceaccount}": false, "${aws:PrincipalAccount}": true,
		"${aws:SourceAccount, '1'}": true,
	} {
		parsed, err := Parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Condition": ` +
			`{"StringEquals": {"aws:SourceAccount": "` + value + `"}}}}`)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Statements[0].Has("aws:SourceAccount") != want {
			t.Errorf("%s: %v", value, !want)
		}
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, text := range []string{
		"",
		"[]",
		`"x"`,
		`{"Statement": 1}`,
		`{"Statement": [{"Effect": "allow"}]}`,
		`{"Statement": {"Effect": "Allow", "Action": {}}}`,
		`{"Statement": {"Effect": "Allow", "Principal": "me"}}`,
		`{"Statement": {"Effect": "Allow", "Condition": {"Bool": {"a": {}}}}}`,
		strings.Repeat("[", 100000),
		strings.Repeat(" ", MaxSize+1),
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.40q is read", text)
		}
	}
}

func TestTenThousandStatementsAreRead(t *testing.T) {
	statement := `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`
	got, err := Parse(fmt.Sprintf(`{"Statement": [%s%s]}`, strings.Repeat(statement+",", 9999), statement))
	if err != nil || len(got.Statements) != 10000 {
		t.Errorf("%d statements, %v", len(got.Statements), err)
	}
}

func TestAnyone(t *testing.T) {
	for principal, want := range map[Principal]bool{
		{"*", "*"}: true, {"AWS", "*"}: true, {"AWS", "arn:aws:iam::123456789012:root"}: false, {"Service", "*"}: false,
	} {
		if principal.Anyone() != want {
			t.Errorf("%+v: %v", principal, !want)
		}
	}
}

func TestHas(t *testing.T) {
	for name, test := range map[string]struct {
		condition Condition
		want      bool
	}{
		"the key":            {Condition{"StringEquals", "aws:SourceAccount", []string{"1"}}, true},
		"in another case":    {Condition{"StringEquals", "AWS:sourceaccount", []string{"1"}}, true},
		"if it is there":     {Condition{"StringEqualsIfExists", "aws:SourceAccount", []string{"1"}}, false},
		"all of none":        {Condition{"ForAllValues:StringEquals", "aws:SourceAccount", []string{"1"}}, false},
		"another value":      {Condition{"StringNotEquals", "aws:SourceAccount", []string{"1"}}, false},
		"any value":          {Condition{"StringLike", "aws:SourceAccount", []string{"*"}}, false},
		"whether it is null": {Condition{"Null", "aws:SourceAccount", []string{"false"}}, false},
		"any ARN":            {Condition{"ArnLike", "aws:SourceArn", []string{"arn:aws:*:*:*:*"}}, false},
		"any of a kind": {
			Condition{"ArnLike", "aws:SourceArn", []string{"arn:aws:cloudfront::*:distribution/*"}},
			false,
		},
		"any bucket":     {Condition{"ArnLike", "aws:SourceArn", []string{"arn:aws:s3:::*"}}, false},
		"one bucket":     {Condition{"ArnLike", "aws:SourceArn", []string{"arn:aws:s3:::reports"}}, true},
		"of one account": {Condition{"ArnLike", "aws:SourceArn", []string{"arn:aws:ecs:*:123456789012:*"}}, true},
		"another key":    {Condition{"StringEquals", "aws:SourceIp", []string{"1"}}, false},
	} {
		if got := (Statement{
			Conditions: []Condition{test.condition},
		}).Has("aws:SourceArn", "aws:SourceAccount"); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestGrants(t *testing.T) {
	for name, test := range map[string]struct {
		statement Statement
		want      bool
	}{
		"by name":       {Statement{Allow: true, Actions: []string{"iam:PassRole"}}, true},
		"by pattern":    {Statement{Allow: true, Actions: []string{"iam:Pass*"}}, true},
		"by everything": {Statement{Allow: true, Actions: []string{"*"}}, true},
		"by the rest":   {Statement{Allow: true, NotActions: []string{"s3:*"}}, true},
		"not the rest":  {Statement{Allow: true, NotActions: []string{"iam:*"}}, false},
		"a denial":      {Statement{Actions: []string{"*"}}, false},
		"another":       {Statement{Allow: true, Actions: []string{"iam:GetRole"}}, false},
	} {
		if got := test.statement.Grants("iam:PassRole"); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUnbounded(t *testing.T) {
	for resource, want := range map[string]bool{
		"*":                     true,
		"**":                    true,
		"arn:aws:s3:::*":        true,
		"arn:aws:s3:::*/*":      true,
		"arn:*:*:*:*:*":         true,
		"arn:aws:s3:::bucket/*": false,
		"arn:aws:kms:eu-west-1:123456789012:key/*": false,
		"":                false,
		"arn:aws":         false,
		"?*":              true,
		"arn:*":           true,
		"arn:aws:s3*":     true,
		"arn:aws:s3:::?*": true,
	} {
		if Unbounded(resource) != want {
			t.Errorf("%q: %v", resource, !want)
		}
	}
}

func TestAnyOfKind(t *testing.T) {
	for resource, want := range map[string]bool{
		"*":                      true,
		"arn:aws:s3:::*":         true,
		"arn:aws:s3:::reports/*": false,
		"arn:aws:sns:eu-west-1:123456789012:alerts": false,
		"":                                                                false,
		"arn:aws:iam::999999999999:role/*":                                true,
		"arn:aws-cn:iam::123456789012:role/?*":                            true,
		"arn:aws:iam::*:role*":                                            true,
		"arn:*:iam::*:user/**":                                            true,
		"arn:aws:iam::123456789012:role/lab-*":                            false,
		"arn:aws:iam::123456789012:role/*/deploy":                         false,
		"arn:aws:iam::123456789012:role/":                                 false,
		"arn:aws:lambda:eu-west-1:123456789012:function:*":                true,
		"arn:aws:lambda:eu-west-1:123456789012:function:report":           false,
		"arn:aws:dynamodb:*:*:table/*":                                    true,
		"arn:aws:dynamodb:*:*:table/*/index/*":                            true,
		"arn:aws:dynamodb:*:*:table/items/index/*":                        false,
		"arn:aws:ecs:eu-west-1:123456789012:task/lab/*":                   false,
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:lab-??????": false,
	} {
		if AnyOfKind(resource) != want {
			t.Errorf("%q: %v", resource, !want)
		}
	}
}

func TestOnAnyOfKind(t *testing.T) {
	for name, test := range map[string]struct {
		condition Condition
		want      bool
	}{
		"by alias": {
			Condition{"ForAnyValue:StringEquals", "kms:ResourceAliases", []string{"alias/data"}},
			false,
		},
		"by tag":      {Condition{"StringEquals", "aws:ResourceTag/team", []string{"lab"}}, false},
		"by any tag":  {Condition{"StringLike", "aws:ResourceTag/team", []string{"*"}}, true},
		"by no tag":   {Condition{"StringNotEquals", "aws:ResourceTag/team", []string{"lab"}}, true},
		"by who asks": {Condition{"StringEquals", "aws:PrincipalAccount", []string{"123456789012"}}, true},
		"by the service": {
			Condition{"StringEquals", "kms:ViaService", []string{"s3.eu-west-1.amazonaws.com"}},
			true,
		},
		"by where a role goes": {
			Condition{"StringEquals", "iam:PassedToService", []string{"ecs-tasks.amazonaws.com"}},
			true,
		},
	} {
		statement := Statement{
			Resources:  []string{"arn:aws:kms:eu-west-1:123456789012:key/*"},
			Conditions: []Condition{test.condition},
		}
		if got := statement.OnAnyOfKind(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWholeAccount(t *testing.T) {
	for principal, want := range map[Principal]bool{
		{"AWS", "arn:aws-cn:iam::123456789012:root"}: true,
		{"AWS", "123456789012"}:                      true,
		{"AWS", "12345678901"}:                       false,
		{"Service", "123456789012"}:                  false,
		{"AWS", "arn:aws:iam::123456789012:role/a"}:  false,
	} {
		if principal.WholeAccount() != want {
			t.Errorf("%+v: %v", principal, !want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"s3:Get*", "s3:GetObject", true},
		{"S3:getobject", "s3:GetObject", true},
		{"s3:?etObject", "s3:GetObject", true},
		{"s3:Get*Acl", "s3:GetObject", false},
		{"*Object", "s3:GetObject", true},
		{"", "", true},
		{"*", "", true},
		{"?", "", false},
	} {
		if got := Match(test.pattern, test.text); got != test.want {
			t.Errorf("%q against %q: %v", test.pattern, test.text, got)
		}
	}
}

func TestMatchIsRightAboutEveryPattern(t *testing.T) {
	var slow func(p, s string) bool
	slow = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return slow(p[1:], s) || s != "" && slow(p, s[1:])
		default:
			return s != "" && (p[0] == '?' || p[0] == s[0]) && slow(p[1:], s[1:])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab]{0,8}`).Draw(t, "text")
		if got := Match(pattern, text); got != slow(pattern, text) {
			t.Fatalf("%q against %q: %v", pattern, text, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": ` +
			`"*"}]}`,
	)
	f.Add(`{"Statement": {"Effect": "Deny", "NotAction": ["a:b"], "Condition": {"Bool": {"x": [true, 1, "y"]}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(text)
		if err != nil {
			return
		}
		for _, s := range parsed.Statements {
			s.Grants("iam:PassRole")
			s.OnAnyOfKind()
			s.Has("aws:SourceArn")
		}
	})
}
