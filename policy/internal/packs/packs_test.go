package packs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/awslab/awslab/policy/internal/packs"
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
			if name != "all" && !slices.ContainsFunc(packs.All.Rules, func(r rule.Rule) bool { return r.Name == name }) {
				t.Errorf("%s.json configures %q, which is no rule", stack, name)
			}
		}
	}
}
