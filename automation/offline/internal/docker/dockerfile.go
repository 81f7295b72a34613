package docker

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// instructions are those of the Dockerfile reference, https://docs.docker.com/reference/dockerfile/.
var instructions = []string{
	"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
	"ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}

var (
	escapeDirective = regexp.MustCompile("(?i)^#\\s*escape\\s*=\\s*([`\\\\])\\s*$")
	directive       = regexp.MustCompile(`^#\s*[A-Za-z][A-Za-z0-9]*\s*=`)
	heredoc         = regexp.MustCompile(`<<-?\s*["']?([A-Za-z0-9_]+)["']?`)
)

// checkDockerfile finds what no builder would accept: an unknown instruction, none that starts a stage, or a target
// that is no stage. It is far from a parser; the rest is the builder's to find.
func checkDockerfile(text []byte, target string) error {
	var stages []string
	names := map[string]bool{}
	err := eachInstruction(text, func(line int, instruction, rest string) error {
		switch {
		case !slices.Contains(instructions, instruction):
			return fmt.Errorf("line %d: unknown instruction %s", line, instruction)
		case instruction == "FROM":
			fields := slices.DeleteFunc(strings.Fields(rest), func(f string) bool { return strings.HasPrefix(f, "--") })
			if len(fields) != 1 && (len(fields) != 3 || !strings.EqualFold(fields[1], "as")) {
				return fmt.Errorf("line %d: FROM takes an image, or an image AS a name", line)
			}
			stages = append(stages, fields[0])
			if len(fields) == 3 {
				names[strings.ToLower(fields[2])] = true
			}
		case len(stages) == 0 && instruction != "ARG":
			return fmt.Errorf("line %d: %s comes before the first FROM; only ARG may", line, instruction)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(stages) == 0 {
		return fmt.Errorf("it has no FROM, so it builds nothing")
	}
	if number, err := strconv.Atoi(target); err == nil && 0 <= number && number < len(stages) {
		return nil
	}
	if target != "" && !names[strings.ToLower(target)] {
		return fmt.Errorf("it has no stage named %s", target)
	}
	return nil
}

// eachInstruction calls f for each instruction with the number of the line it starts in, in upper case.
func eachInstruction(text []byte, f func(line int, instruction, rest string) error) error {
	escape := `\`
	directives := true
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	number := 0
	for scanner.Scan() {
		number++
		line := strings.TrimSpace(scanner.Text())
		if directives {
			if m := escapeDirective.FindStringSubmatch(line); m != nil {
				escape = m[1]
			}
			directives = directive.MatchString(line)
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		start := number
		for strings.HasSuffix(line, escape) && scanner.Scan() {
			number++
			line = strings.TrimSuffix(line, escape)
			if next := strings.TrimSpace(scanner.Text()); next != "" && !strings.HasPrefix(next, "#") {
				line += next
			} else {
				// A comment or an empty line inside an instruction does not end it.
				line += escape
			}
		}
		instruction, rest, _ := strings.Cut(strings.Replace(line, "\t", " ", 1), " ")
		instruction = strings.ToUpper(instruction)
		if slices.Contains([]string{"RUN", "COPY", "ADD"}, instruction) {
			for _, m := range heredoc.FindAllStringSubmatch(rest, -1) {
				for scanner.Scan() {
					number++
					if strings.TrimLeft(scanner.Text(), "\t") == m[1] {
						break
					}
				}
			}
		}
		if err := f(start, instruction, rest); err != nil {
			return err
		}
	}
	return scanner.Err()
}
