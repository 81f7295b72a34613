package images

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Findings are the known vulnerabilities of an image's packages, Go modules included.
type Findings struct {
	// Scanner is the command that found them.
	Scanner string `json:"scanner"`
	// Severities counts them by severity in lower case, such as critical and high. It is empty if there are none.
	Severities map[string]int `json:"severities"`
}

// severities begins with the worst. What a scanner calls otherwise comes last.
var severities = []string{"critical", "high", "medium", "low", "negligible", "unknown"}

// String returns the counts, the worst severity first, such as "1 critical, 3 low", or "none".
func (f Findings) String() string {
	rank := func(severity string) int {
		if at := slices.Index(severities, severity); at >= 0 {
			return at
		}
		return len(severities)
	}
	found := slices.Sorted(maps.Keys(f.Severities))
	slices.SortStableFunc(found, func(a, b string) int { return rank(a) - rank(b) })
	var counts []string
	for _, severity := range found {
		counts = append(counts, fmt.Sprintf("%d %s", f.Severities[severity], severity))
	}
	if len(counts) == 0 {
		return "none"
	}
	return strings.Join(counts, ", ")
}

// scanner is a command that scans an image of the Docker engine and prints a report as JSON.
type scanner struct {
	name      string
	arguments func(image string) []string
	// severitiesOf returns the severity of each vulnerability in the report.
	severitiesOf func(report []byte) ([]string, error)
}

// scanners are looked for in this order.
var scanners = []scanner{
	{
		name: "trivy",
		arguments: func(image string) []string {
			return []string{"image", "--quiet", "--scanners", "vuln", "--format", "json", image}
		},
		severitiesOf: trivySeverities,
	},
	{
		name:         "grype",
		arguments:    func(image string) []string { return []string{"--quiet", "--output", "json", "docker:" + image} },
		severitiesOf: grypeSeverities,
	},
}

// NoScanner says why no image was scanned.
const NoScanner = "there is neither trivy nor grype on PATH; install one to see known vulnerabilities"

// scanTimeout includes the download of the scanner's database, about 100 MB.
const scanTimeout = 5 * time.Minute

// scan looks for known vulnerabilities. An image that cannot be scanned does not fail: scanners are optional, and need
// a database from the network.
func (r *Result) scan(ctx context.Context, progress func(format string, args ...any)) {
	for _, s := range scanners {
		path, err := exec.LookPath(s.name)
		if err != nil {
			continue
		}
		progress("scanning with %s", s.name)
		found, err := s.scan(ctx, path, r.Image)
		if err != nil {
			r.Unscanned = err.Error()
			return
		}
		r.Findings = &Findings{s.name, found}
		progress("known vulnerabilities: %s", r.Findings)
		return
	}
	r.Unscanned = NoScanner
}

func (s scanner) scan(ctx context.Context, path, image string) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var report, said bytes.Buffer
	cmd := command(ctx, path, s.arguments(image)...)
	cmd.Stdout, cmd.Stderr = &report, &said
	running := cmd.Run()
	found, err := s.severitiesOf(report.Bytes())
	// Both can be configured to fail where there are findings, which they still report.
	if running != nil && len(found) == 0 {
		err = fmt.Errorf("%w: %s", running, lastLine(said.String()))
	}
	if err != nil {
		return nil, fmt.Errorf("%s could not scan the image: %w", s.name, err)
	}
	counts := map[string]int{}
	for _, severity := range found {
		counts[strings.ToLower(severity)]++
	}
	return counts, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// trivySeverities reads a report of Trivy, https://trivy.dev/docs/latest/configuration/reporting/#json.
func trivySeverities(report []byte) ([]string, error) {
	var read struct {
		Results []struct {
			Vulnerabilities []struct{ Severity string }
		}
	}
	if err := json.Unmarshal(report, &read); err != nil {
		return nil, fmt.Errorf("reading its report: %w", err)
	}
	var found []string
	for _, result := range read.Results {
		for _, vulnerability := range result.Vulnerabilities {
			found = append(found, vulnerability.Severity)
		}
	}
	return found, nil
}

// grypeSeverities reads a report of Grype, https://github.com/anchore/grype#output-formats.
func grypeSeverities(report []byte) ([]string, error) {
	var read struct {
		Matches []struct {
			Vulnerability struct{ Severity string }
		}
	}
	if err := json.Unmarshal(report, &read); err != nil {
		return nil, fmt.Errorf("reading its report: %w", err)
	}
	var found []string
	for _, match := range read.Matches {
		found = append(found, match.Vulnerability.Severity)
	}
	return found, nil
}
