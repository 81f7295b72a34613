package identity

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDocumentRendersAsIamWritesIt(t *testing.T) {
	document := Document{Statements: []Statement{
		{
			Sid:       "Read",
			Actions:   []string{"s3:ListBucket", "s3:GetObject", "s3:GetObject"},
			Resources: []string{"arn:aws:s3:::b"},
			Conditions: []Condition{
				{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{"2", "1"}},
				{Operator: "StringEquals", Key: "aws:PrincipalOrgID", Values: []string{"o-1"}},
				{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}},
			},
		},
		{
			Effect: Deny,
			Principals: []Principal{
				{Type: "AWS", Values: []string{"b", "a"}},
				{Type: "Service", Values: []string{"ecs-tasks.amazonaws.com"}},
			},
			Actions:   []string{"s3:*"},
			Resources: []string{"arn:aws:s3:::<&>"},
		},
	}}
	text, err := document.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::b",`+
		`"Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalOrgID":"o-1","aws:`+
		`SourceAccount":["1","2"]}}},`+
		`{"Effect":"Deny","Principal":{"AWS":["a","b"],"Service":"ecs-tasks.amazonaws.com"},"Action":"s3:*",`+
		`"Resource":"arn:aws:s3:::<&>"}]}`, text)
}

func TestOrderInTheProgramMakesNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,3}:[A-Z][a-z]{1,3}`), 1, 6)
		statement := Statement{
			Actions:   words.Draw(t, "actions"),
			Resources: words.Draw(t, "resources"),
			Conditions: []Condition{
				{Operator: "StringEquals", Key: "a", Values: words.Draw(t, "values")},
				{Operator: "ArnLike", Key: "b", Values: words.Draw(t, "values")},
			},
		}
		shuffled := statement
		shuffled.Actions, shuffled.Resources = shuffle(t, statement.Actions), shuffle(t, statement.Resources)
		shuffled.Conditions = shuffle(t, statement.Conditions)

		before, err := Document{Statements: []Statement{statement}}.JSON()
		require.NoError(t, err)
		after, err := Document{Statements: []Statement{shuffled}}.JSON()
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.True(t, json.Valid([]byte(before)))
	})
}

func shuffle[T any](t *rapid.T, values []T) []T {
	values = slices.Clone(values)
	order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
	order.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return values
}

func TestDocumentProblems(t *testing.T) {
	principal := []Principal{{Type: "AWS", Values: []string{"a"}}}
	for name, test := range map[string]struct {
		kind      Kind
		statement Statement
		want      string
	}{
		"no action": {
			IdentityPolicy,
			Statement{Resources: []string{"r"}},
			"Statements[0].Actions: there is none",
		},
		"no resource": {
			IdentityPolicy,
			Statement{Actions: []string{"a:B"}},
			"Statements[0].Resources: there is none",
		},
		"empty resource": {
			IdentityPolicy,
			Statement{Actions: []string{"a:B"}, Resources: []string{""}},
			"Resources: one is empty",
		},
		"named by its Sid": {
			IdentityPolicy,
			Statement{Sid: "Read", Actions: []string{"a:B"}},
			"Statements[0] (Read).Resources",
		},
		"odd Sid": {
			IdentityPolicy,
			Statement{Sid: "a-b", Actions: []string{"a:B"}, Resources: []string{"r"}},
			`Sid: "a-b"`,
		},
		"odd effect": {
			IdentityPolicy,
			Statement{Effect: "allow", Actions: []string{"a:B"}, Resources: []string{"r"}},
			`Effect: "allow" is neither`,
		},
		"no action's form": {
			IdentityPolicy,
			Statement{Actions: []string{"*"}, Resources: []string{"r"}},
			`"*" is not an action; use service:Action`,
		},
		"wildcard": {
			IdentityPolicy,
			Statement{Actions: []string{"s3:Get*"}, Resources: []string{"r"}},
			`"s3:Get*" has a wildcard`,
		},
		"question mark": {
			IdentityPolicy,
			Statement{Actions: []string{"s3:GetObjec?"}, Resources: []string{"r"}},
			`"s3:GetObjec?" has a wildcard`,
		},
		"principal in a role": {
			IdentityPolicy,
			Statement{Actions: []string{"a:B"}, Resources: []string{"r"}, Principals: principal},
			"an identity policy has none",
		},
		"trust in a resource": {
			TrustPolicy,
			Statement{Actions: []string{"a:B"}, Resources: []string{"r"}, Principals: principal},
			"no place in a trust policy",
		},
		"trust in nobody": {TrustPolicy, Statement{Actions: []string{"a:B"}}, "Principals: there is none"},
		"resource for nobody": {
			ResourcePolicy,
			Statement{Actions: []string{"a:B"}, Resources: []string{"r"}},
			"Principals: there is none",
		},
		"condition without keys": {
			TrustPolicy,
			Statement{Actions: []string{"a:B"}, Principals: principal, Conditions: []Condition{{Operator: "Bool"}}},
			"needs an operator, a key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(
				t,
				Document{Statements: []Statement{test.statement}}.Validate(test.kind, "s3:List*"),
				test.want,
			)
		})
	}
	require.ErrorContains(t, Document{}.Validate(IdentityPolicy), "needs at least one")

	twice := Statement{Sid: "Same", Actions: []string{"a:B"}, Resources: []string{"r"}}
	require.ErrorContains(
		t,
		Document{Statements: []Statement{twice, twice}}.Validate(IdentityPolicy),
		`Statements[1] (Same).Sid: "Same" is used twice`,
	)
}

func TestWildcardsThatAreAllowed(t *testing.T) {
	listed := Document{Statements: []Statement{{Actions: []string{"s3:Get*"}, Resources: []string{"r"}}}}
	require.NoError(t, listed.Validate(IdentityPolicy, "s3:Get*"))
	require.Error(t, listed.Validate(IdentityPolicy, "s3:G*"), "letter for letter")

	denied := Document{Statements: []Statement{{Effect: Deny, Actions: []string{"s3:*"}, Resources: []string{"r"}}}}
	require.NoError(t, denied.Validate(IdentityPolicy), "to deny more than is known does no harm")
}

// Merged into one, either would do where both must hold.
func TestOneConditionIsNotSaidTwice(t *testing.T) {
	account := Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{"1"}}
	_, err := Document{
		Statements: []Statement{{Actions: []string{"a:B"}, Conditions: []Condition{account, account}}},
	}.JSON()
	require.ErrorContains(t, err, "Statements[0].Conditions: StringEquals of aws:SourceAccount is listed twice")
}
