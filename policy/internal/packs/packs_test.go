package packs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/remediation"
	"github.com/awslab/awslab/policy/internal/rule"
)

func TestTheRulesOfAllPacksHaveNamesOfTheirOwn(t *testing.T) {
	if err := packs.All.Validate(); err != nil {
		t.Error(err)
	}
}

// A stack's configuration file is shared by all packs, and each entry must be a level: the engine refuses an entry for
// another pack's rule that has settings only.
func TestStackConfigurationsSetLevels(t *testing.T) {
	for stack, want := range map[string]rule.Level{"dev": rule.Advisory, "prod": rule.Mandatory} {
		content, err := os.ReadFile(filepath.Join("..", "..", "config", stack+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var config map[string]string
		if err := json.Unmarshal(content, &config); err != nil {
			t.Fatalf("%s.json: %v", stack, err)
		}
		if config["all"] != string(want) {
			t.Errorf("%s.json sets all rules to %q, want %q", stack, config["all"], want)
		}
		for name := range config {
			if name != "all" &&
				!slices.ContainsFunc(packs.All.Rules, func(r rule.Rule) bool { return r.Name == name }) {
				t.Errorf("%s.json configures %q, which is no rule", stack, name)
			}
		}
	}
}

// controls are all that rules refer to, by framework, as AWS and CIS publish them: which standard each control of
// Security Hub is in tells the page on the standard.
var controls = map[rule.Framework][]string{
	rule.FSBP: {
		"AutoScaling.1", "AutoScaling.2", "Backup.1", "CloudFront.3", "CloudFront.5", "CloudFront.6", "DynamoDB.1",
		"DynamoDB.2", "DynamoDB.6", "EC2.2", "EC2.3", "EC2.6", "EC2.15", "EC2.18", "EC2.19", "EC2.21", "EC2.170",
		"ECR.1", "ECR.2", "ECR.3", "ECS.2", "ECS.3", "ECS.4", "ECS.5", "ECS.8", "ECS.9", "ECS.12", "EFS.1", "EFS.3",
		"EFS.4", "ELB.1", "ELB.4", "ELB.5", "ELB.6", "ELB.12", "ELB.13", "ELB.17", "IAM.1", "IAM.21", "KMS.1", "KMS.2",
		"Lambda.1", "Lambda.5", "RDS.2", "RDS.3", "RDS.5", "RDS.6", "RDS.7", "RDS.8",
		"RDS.9", "RDS.10", "RDS.11", "RDS.12", "RDS.15",
		"RDS.16", "RDS.17", "RDS.46", "S3.2", "S3.3", "S3.5", "S3.8", "S3.9", "SQS.1", "WAF.10",
	},
	rule.SecurityHub: {"CloudWatch.15", "CloudWatch.16", "ECR.5", "KMS.4", "S3.14", "SNS.1", "WAF.11"},
	rule.CIS: {
		"1.16",
		"2.1.1",
		"2.1.4",
		"2.2.1",
		"2.3.1",
		"2.3.3",
		"2.4.1",
		"3.6",
		"3.7",
		"5.1",
		"5.2",
		"5.3",
		"5.4",
		"5.6",
	},
	rule.CIS5: {"2.2.4"},
	rule.WellArchitected: {
		"COST03-BP02", "OPS06-BP03", "OPS06-BP04", "REL09-BP01", "REL09-BP02", "REL09-BP04", "REL10-BP01",
		"REL11-BP01", "REL13-BP01", "REL13-BP02", "SEC02-BP02", "SEC03-BP02", "SEC03-BP04", "SEC03-BP07", "SEC05-BP01",
		"SEC05-BP02", "SEC05-BP03", "SEC08-BP01", "SEC09-BP02",
	},
	{Name: "AWS Config managed rules"}: {"lambda-dlq-check"},
}

func TestControlsAreOfTheirFrameworks(t *testing.T) {
	used := map[rule.Control]bool{}
	for _, r := range slices.Concat(packs.All.Rules, remediation.Pack.Rules) {
		for _, control := range r.Controls {
			used[control] = true
			if !slices.Contains(controls[control.Framework], control.ID) {
				t.Errorf("%s: %s has no %s", r.Name, control.Framework.Name, control.ID)
			}
		}
	}
	for framework, ids := range controls {
		for _, id := range ids {
			if !used[rule.Control{Framework: framework, ID: id}] {
				t.Errorf("no rule answers %s of %s", id, framework.Name)
			}
		}
	}
}

// What Security Hub has a severity for has one everywhere.
func TestRulesOfOneControlHaveOneSeverity(t *testing.T) {
	severities := map[rule.Control]rule.Severity{}
	for _, r := range slices.Concat(packs.All.Rules, remediation.Pack.Rules) {
		anchor := r.Controls[0]
		if anchor.Framework == rule.WellArchitected {
			continue
		}
		if known, ok := severities[anchor]; ok && known != r.Severity {
			t.Errorf("%s is %s, and another rule of %s is %s", r.Name, r.Severity, anchor.ID, known)
		}
		severities[anchor] = r.Severity
	}
}
