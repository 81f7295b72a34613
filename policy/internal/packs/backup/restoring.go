package backup

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	testingPlanType      = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
	testingSelectionType = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
	roleType             = "aws:iam/role:Role"
)

// testedAs is what restore testing calls the types of what is backed up.
var testedAs = []struct{ resourceType, name string }{
	{instanceType, "RDS"},
	{clusterType, "Aurora"},
	{tableType, "DynamoDB"},
	{fileSystemType, "EFS"},
	{bucketType, "S3"},
	{volumeType, "EBS"},
}

// judgeTested requires a test for each kind of thing that the stack has backed up.
func judgeTested(_ rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	selections := stack.OfType(testingSelectionType)
	if len(stack.OfType(testingPlanType)) == 0 || len(selections) == 0 {
		return rule.Violation(expect.Whole, "is covered by no restore testing plan")
	}
	var tested, missing []string
	for _, selection := range selections {
		kind, state := selection.Get("protectedResourceType").Text()
		if state == property.Unknown {
			return rule.Unjudged(
				expect.Whole,
				"may be tested by %s, whose protectedResourceType is not known yet",
				selection.Name,
			)
		}
		tested = append(tested, kind)
	}
	for _, kind := range testedAs {
		if !slices.Contains(tested, kind.name) && slices.ContainsFunc(stack.OfType(kind.resourceType), isBackedUp) {
			missing = append(missing, kind.name)
		}
	}
	if len(missing) > 0 {
		return rule.Violation(
			expect.Whole,
			"backs up resource types that no restore testing selection covers: %s",
			strings.Join(missing, ", "),
		)
	}
	return rule.Pass()
}

// isBackedUp reports whether a resource holds data of its own that is worth a backup. Of clusters it takes in Aurora's:
// restore testing knows no other.
func isBackedUp(r rule.Resource) bool {
	engine, _ := r.Get("engine").Text()
	return tagsOf(r)["backup"] != "none" && r.Get("replicateSourceDb").State() == property.Absent &&
		(r.Type != clusterType || strings.HasPrefix(engine, "aurora"))
}

// judgeSelectionRole leaves what the role may do to AWS's own policies for it.
func judgeSelectionRole(selection rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	arn := selection.Get("iamRoleArn")
	roles := expect.Refer(selection, stack, arn, roleType)
	switch {
	case arn.State() == property.Absent:
		return rule.Violation(arn.Path(), "is not set")
	case roles.Elsewhere > 0:
		return rule.Violation(
			arn.Path(),
			"is not a role of the stack",
		)
	case len(roles.Resources) != 1 || !roles.Certain:
		return rule.Unreadable(arn, property.Unknown)
	}
	trust := roles.Resources[0].Get("assumeRolePolicy")
	text, state := trust.Text()
	parsed, err := document.Parse(text)
	if state != property.Known || err != nil {
		return rule.Unjudged(arn.Path(), "names a role whose assumeRolePolicy is not known yet or cannot be read")
	}
	if !slices.ContainsFunc(parsed.Statements, func(s document.Statement) bool {
		return s.Grants("sts:AssumeRole") &&
			slices.Contains(s.Principals, document.Principal{Type: "Service", Value: "backup.amazonaws.com"})
	}) {
		return rule.Violation(arn.Path(), "names a role that backup.amazonaws.com may not assume")
	}
	return rule.Pass()
}
