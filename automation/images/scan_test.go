package images

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/fakedocker"
)

// Reports are cut to what is read of them.
const (
	trivyReport = `{"SchemaVersion": 2, "ArtifactName": "awslab-dev-web:1", "Results": [
		{"Target": "web", "Class": "lang-pkgs", "Type": "gobinary", "Vulnerabilities": [
			{"VulnerabilityID": "CVE-2026-0001", "PkgName": "stdlib", "Severity": "HIGH"},
			{"VulnerabilityID": "CVE-2026-0002", "PkgName": "golang.org/x/net", "Severity": "LOW"},
			{"VulnerabilityID": "CVE-2026-0003", "PkgName": "golang.org/x/net", "Severity": "HIGH"}]},
		{"Target": "os-pkgs", "Vulnerabilities": [{"VulnerabilityID": "CVE-2026-0004", "Severity": "CRITICAL"}]}]}`
	grypeReport = `{"matches": [
		{"vulnerability": {"id": "GHSA-1", "severity": "Medium"}, "artifact": {"name": "golang.org/x/net"}},
		{"vulnerability": {"id": "GHSA-2", "severity": "Negligible"}, "artifact": {"name": "stdlib"}}]}`
)

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		report    string
		code      int
		want      string
		unscanned string
	}{
		"none":                 {report: `{"SchemaVersion": 2}`, want: "none"},
		"the worst first":      {report: trivyReport, want: "1 critical, 2 high, 1 low"},
		"told to fail on them": {report: trivyReport, code: 1, want: "1 critical, 2 high, 1 low"},
		"no database": {
			report: "null", code: 1,
			unscanned: "trivy could not scan the image: exit status 1: FATAL failed to download vulnerability DB",
		},
		"no report": {
			report: "done",
			unscanned: "trivy could not scan the image: reading its report: " +
				"invalid character 'd' looking for beginning of value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			engine := good()
			engine.Report, engine.ScanCode = test.report, test.code
			engine.Install(t, fakeFolder)
			results, err := Test(t.Context(), options(t))
			require.NoError(t, err, "what a scanner finds is for people to judge")
			require.Equal(t, Passed, results[0].Outcome)
			require.Equal(t, test.unscanned, results[0].Unscanned)
			if test.want == "" {
				require.Nil(t, results[0].Findings)
				return
			}
			require.Equal(t, fakedocker.Scanner, results[0].Findings.Scanner)
			require.Equal(t, test.want, results[0].Findings.String())
		})
	}
}

func TestGrypeIsTheOtherScanner(t *testing.T) {
	found, err := grypeSeverities([]byte(grypeReport))
	require.NoError(t, err)
	require.Equal(t, []string{"Medium", "Negligible"}, found)
	require.Equal(t, "1 medium, 1 negligible, 2 grave", Findings{
		Severities: map[string]int{"grave": 2, "negligible": 1, "medium": 1},
	}.String(), "severities that are not known come last")
}

func TestWithoutAScannerImagesAreTested(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(fakeFolder, "docker"), filepath.Join(folder, "docker")))
	good().Install(t, folder)
	t.Setenv("PATH", folder)
	results, err := Test(t.Context(), options(t))
	require.NoError(t, err)
	require.Equal(t, Passed, results[0].Outcome)
	require.Equal(t, NoScanner, results[0].Unscanned)
}
