// Package buildfailure explains why Docker could not build an image: at which line of the Dockerfile, whether a server
// could not be reached, and what to do next.
package buildfailure

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// noNetwork matches how Docker's builders, Go, curl, wget, git, package managers, pip and npm report that they reach no
// server.
var noNetwork = regexp.MustCompile(`(?i)dial tcp|i/o timeout|no such host|server misbehaving|network is unreachable|` +
	`(could ?n[o']t|can't|unable to) (resolve|connect)|bad address|failed to (connect|do request)|` +
	`temporary failure (in name resolution|resolving)|(temporary|transient) error \(try again later\)|` +
	`connection refused|(connect|connection.*|operation|resolving) timed out|TLS handshake timeout|` +
	`\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)\b|Client\.Timeout exceeded|` +
	`certificate signed by unknown authority`)

// NoNetwork reports whether what a build printed says that a server could not be reached.
func NoNetwork(printed string) bool { return noNetwork.MatchString(printed) }

// step matches BuildKit's heading of the output of the step that failed, " > [build 4/8] RUN go build:", and the
// heading of every step of the classic builder, whose last is the one that failed.
var step = regexp.MustCompile(`(?m)^(?: > (\[[^\]]*\] .+?):?|Step \d+/\d+ : (.+))$`)

// unsolved are how BuildKit reports a Dockerfile of which it begins no step, and what that is called here.
var unsolved = []struct {
	printed *regexp.Regexp
	step    string
}{
	{regexp.MustCompile(`dockerfile parse error (?:on )?line (\d+: .+)`), "line $1"},
	{
		regexp.MustCompile(`target stage "?([^\s"]+)"? could not be found`),
		"the stage $1, which image.target names and the Dockerfile does not have",
	},
}

// Step returns the step that failed by what a build printed, and nothing if it does not tell.
func Step(printed string) string {
	if all := step.FindAllStringSubmatch(printed, -1); len(all) > 0 {
		return all[len(all)-1][1] + all[len(all)-1][2]
	}
	for _, u := range unsolved {
		if found := u.printed.FindStringSubmatchIndex(printed); found != nil {
			return string(u.printed.ExpandString(nil, u.step, printed, found))
		}
	}
	return ""
}

// stepNumber is what BuildKit puts before an instruction.
var stepNumber = regexp.MustCompile(`^\[[^\]]*\] `)

// Describe says that the build of a Dockerfile failed, at which step, and what to do next. The step may be unknown, and
// path is where the Dockerfile is.
func Describe(dockerfile, path, step string, noNetwork bool) string {
	where := ""
	if instruction := stepNumber.ReplaceAllString(step, ""); instruction != "" {
		where = " at " + instruction
		if line := lineOf(path, instruction); line > 0 {
			where = fmt.Sprintf(" at line %d, %s", line, instruction)
		}
	}
	next := "correct the Dockerfile or what it copies"
	if noNetwork {
		next = "a server could not be reached: check the network, or name mirrors in images.args, such " +
			"as BUILD_IMAGE for the base image and GOPROXY for Go modules"
	}
	return fmt.Sprintf("building %s failed%s; %s", dockerfile, where, next)
}

// base matches the steps that need a base image.
var base = regexp.MustCompile(`^(?:load metadata for|FROM) (?:docker\.io/(?:library/)?)?(\S+)`)

// lineOf returns the number of the line in the Dockerfile at which an instruction begins, or that names the base image
// which the builder looks for, and 0 if it is not found.
func lineOf(path, instruction string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	lines := strings.Split(string(text), "\n")
	if image := base.FindStringSubmatch(instruction); image != nil {
		image := regexp.QuoteMeta(strings.TrimSuffix(image[1], ":latest"))
		named := regexp.MustCompile(`^(ARG|FROM) (.*[ =])?` + image + `(:latest)?( |$)`)
		if line := firstMatch(lines, named.MatchString); line > 0 {
			return line
		}
		return firstMatch(lines, regexp.MustCompile(`^FROM .*\$`).MatchString) // an argument names it
	}
	instruction = strings.Join(strings.Fields(instruction), " ")
	return firstMatch(lines, func(line string) bool { return begins(line, instruction) })
}

func firstMatch(lines []string, matches func(string) bool) int {
	for i, line := range lines {
		if matches(strings.Join(strings.Fields(line), " ")) {
			return i + 1
		}
	}
	return 0
}

var variable = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)

// begins reports whether an instruction begins with the line. BuildKit prints an instruction with continued lines
// joined and most variables replaced. A line without words of its own could begin any.
func begins(line, instruction string) bool {
	line = strings.TrimSpace(strings.TrimSuffix(line, `\`))
	_, words, _ := strings.Cut(variable.ReplaceAllString(line, ""), " ")
	if strings.TrimSpace(words) == "" {
		return false
	}
	var parts []string
	for _, literal := range variable.Split(line, -1) {
		parts = append(parts, regexp.QuoteMeta(literal))
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `.*`)).MatchString(instruction)
}
