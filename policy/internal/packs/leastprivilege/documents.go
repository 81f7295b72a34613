package leastprivilege

import (
	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// identityPolicies are the properties that hold what a role, user or group may do.
var identityPolicies = map[string]string{
	"aws:iam/policy:Policy":           "policy",
	"aws:iam/rolePolicy:RolePolicy":   "policy",
	"aws:iam/userPolicy:UserPolicy":   "policy",
	"aws:iam/groupPolicy:GroupPolicy": "policy",
	"aws:iam/role:Role":               "inlinePolicies",
}

var identityTypes = []string{
	"aws:iam/policy:Policy",
	"aws:iam/rolePolicy:RolePolicy",
	"aws:iam/userPolicy:UserPolicy",
	"aws:iam/groupPolicy:GroupPolicy",
	"aws:iam/role:Role",
}

// identityDocuments returns the values that hold a resource's policy documents.
func identityDocuments(r rule.Resource) ([]property.Value, rule.Verdict) {
	value := r.Get(identityPolicies[r.Type])
	if r.Type != "aws:iam/role:Role" {
		return []property.Value{value}, rule.Pass()
	}
	elements, state := value.List()
	switch state {
	case property.Absent:
		return nil, rule.Pass()
	case property.Known:
	default:
		return nil, rule.Unreadable(value, state)
	}
	var documents []property.Value
	for _, element := range elements {
		documents = append(documents, element.Get("policy"))
	}
	return documents, rule.Pass()
}

// complaint is what is wrong with a statement, as the rest of a sentence that begins with the policy's property, or "".
type complaint func(document.Statement) string

// judgeIdentity judges every statement of what a role may do.
func judgeIdentity(complain complaint) func(rule.Resource, rule.Run) rule.Verdict {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		documents, verdict := identityDocuments(r)
		for _, value := range documents {
			verdict = merge(verdict, judgeDocument(r, value, complain))
		}
		return verdict
	}
}

// judgeDocument judges every statement of a document. One that is not there has none.
func judgeDocument(r rule.Resource, value property.Value, complain complaint) rule.Verdict {
	text, state := value.Text()
	switch {
	case state == property.Absent || state == property.Known && text == "":
		return rule.Pass()
	case state != property.Known:
		return rule.Unreadable(value, state)
	}
	parsed, err := expect.Document(r, value)
	if err != nil {
		return rule.Unjudged(value.Path(), "is not a policy document that can be read")
	}
	var verdict rule.Verdict
	for i, statement := range parsed.Statements {
		if text := complain(statement); text != "" {
			verdict = merge(verdict, rule.Violation(value.Path(), "%s (statement %d)", text, i))
		}
	}
	return verdict
}

func merge(a, b rule.Verdict) rule.Verdict {
	a.Violations = append(a.Violations, b.Violations...)
	a.Unjudged = append(a.Unjudged, b.Unjudged...)
	return a
}
