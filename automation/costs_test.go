package automation_test

import (
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/cost"
)

// costRows say which lines of an estimate a row of the table in docs/operations.md sums up, by the row's first words.
var costRows = map[string]func(cost.Line) bool{
	"NAT gateways": func(l cost.Line) bool {
		return strings.HasPrefix(l.What, "NAT gateway") || isAddress(l) && l.Resource != "lab-alb"
	},
	"load balancer": func(l cost.Line) bool {
		return l.What == "load balancer" || l.What == "LCU" || isAddress(l) && l.Resource == "lab-alb"
	},
	"database": func(l cost.Line) bool {
		return strings.HasPrefix(l.What, "db.") || strings.HasPrefix(l.What, "RDS ")
	},
	"tasks":         func(l cost.Line) bool { return strings.HasPrefix(l.What, "Fargate ") },
	"interface VPC": func(l cost.Line) bool { return l.What == "VPC endpoint" },
	"web ACLs":      func(l cost.Line) bool { return strings.HasPrefix(l.What, "WAF ") },
	"alarms":        func(l cost.Line) bool { return l.Component == "lab" && strings.Contains(l.What, "alarm") },
	"dashboard":     func(l cost.Line) bool { return l.What == "dashboard" },
	"AWS Backup":    func(l cost.Line) bool { return l.Component == "backup" },
	"in all":        func(cost.Line) bool { return true },
}

func isAddress(l cost.Line) bool { return l.What == "public IPv4 address" }

// What the documentation says of costs is what the price list says of the stacks in the repository.
func TestTheDocumentedCostsAreThoseOfThePriceList(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	require.NoError(t, err)
	p := newProject(t)
	dev, prod := p.costs(t, "dev", nil), p.costs(t, "prod", nil)
	for row, adds := range costRows {
		cells := regexp.MustCompile(`(?m)^\| ` + row + `[^|]* \| (\d+) \| (\d+) \|$`)
		found := cells.FindStringSubmatch(string(content))
		require.NotNil(t, found, "docs/operations.md has no row of %s", row)
		assert.Equal(t, []string{rounded(dev, adds), rounded(prod, adds)}, found[1:], row)
	}

	all := automation.Configuration{}
	savings := regexp.MustCompile("(?m)^\\| `(awslab:.*)` \\| (\\d+) \\|").FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, savings)
	for _, saving := range savings {
		var change automation.Configuration
		require.NoError(t, yaml.Unmarshal([]byte(saving[1]), &change))
		maps.Copy(all, change)
		assert.Equal(t, saving[2], saved(dev, p.costs(t, "dev", change)), saving[1])
	}
	require.Contains(t, string(content), "\n| all three | "+saved(dev, p.costs(t, "dev", all))+" |")
}

func TestACancelledEstimateIsNoPreview(t *testing.T) {
	lab, err := automation.Open(t.Context(), newProject(t).options("dev"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = lab.Costs(ctx)
	var cancelled *automation.CancelledError
	require.ErrorAs(t, err, &cancelled)
	require.Equal(t, automation.OperationCost, cancelled.Operation)
}

// costs are what a stack that does not exist yet would cost with a change to its configuration.
func (p *project) costs(t *testing.T, stack string, change automation.Configuration) []cost.Line {
	t.Helper()
	options := p.options(stack)
	options.Configuration = change
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	costs, err := lab.Costs(t.Context())
	require.NoError(t, err)
	return costs.After
}

func rounded(lines []cost.Line, adds func(cost.Line) bool) string {
	counted := slices.DeleteFunc(slices.Clone(lines), func(l cost.Line) bool { return !adds(l) })
	return strconv.FormatFloat(math.Round(cost.Total(counted)), 'f', -1, 64)
}

func saved(before, after []cost.Line) string {
	return strconv.FormatFloat(math.Round(cost.Total(before)-cost.Total(after)), 'f', -1, 64)
}
