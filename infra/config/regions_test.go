package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheRegionsAreTheProviders(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "go", "aws", "pulumiEnums.go"))
	require.NoError(t, err)
	var known []string
	for _, match := range regexp.MustCompile(`= Region\("([a-z0-9-]+)"\)`).FindAllStringSubmatch(string(source), -1) {
		if !strings.Contains(match[1], "-iso") {
			known = append(known, match[1])
		}
	}
	slices.Sort(known)
	require.Equal(t, slices.Compact(known), regions)
}

func TestPartitionsOfRegions(t *testing.T) {
	for region, partition := range map[string]string{
		"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc",
	} {
		require.Equal(t, partition, partitionOf(region))
	}
}
