package authorization

import (
	"slices"
	"strings"
)

// symbol is a character of a pattern: a byte that stands for itself, or one of the special ones.
type symbol int

const (
	anyText      symbol = 256 + iota // the wildcard *
	anyCharacter                     // the wildcard ?
	separator                        // a colon that parts an ARN, as the policy writes it
)

// pattern is what a policy compares a value with.
type pattern []symbol

// literal returns the pattern of a text that stands for itself.
func literal(text string) pattern {
	p := make(pattern, len(text))
	for i := range len(text) {
		p[i] = symbol(text[i])
	}
	return p
}

// wildcards returns the pattern of a text with wildcards.
func wildcards(text string) pattern {
	p := literal(text)
	for i, s := range p {
		switch s {
		case '*':
			p[i] = anyText
		case '?':
			p[i] = anyCharacter
		case ':':
			p[i] = separator
		}
	}
	return p
}

// String returns the text without regard to wildcards.
func (p pattern) String() string {
	text := make([]byte, len(p))
	for i, s := range p {
		switch s {
		case anyText:
			text[i] = '*'
		case anyCharacter:
			text[i] = '?'
		case separator:
			text[i] = ':'
		default:
			text[i] = byte(s)
		}
	}
	return string(text)
}

// escapes are the variables that stand for characters which a policy has another use for.
var escapes = map[string]string{"*": "*", "?": "?", "$": "$"}

// expand returns the pattern of a text in which policy variables, such as ${aws:PrincipalTag/team}, stand for the
// values of condition keys ("IAM policy elements: Variables and tags", IAM user guide). What a value has of wildcards
// stands for itself. Without a value, or with several, nothing matches, unless the variable has a default:
// ${aws:PrincipalTag/team, 'none'}.
func expand(text string, context map[string][]string) (expanded pattern, ok bool) {
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(expanded, wildcards(text)...), true
		}
		value, known := valueOf(name, context)
		if !known {
			return nil, false
		}
		expanded = append(append(expanded, wildcards(before)...), literal(value)...)
		text = after
	}
}

// valueOf returns what a variable stands for, by what is between its braces.
func valueOf(variable string, context map[string][]string) (value string, known bool) {
	if value, known = escapes[variable]; known {
		return value, true
	}
	key, rest, _ := strings.Cut(variable, ", '")
	switch values := valuesOf(context, key); len(values) {
	case 0:
		return strings.CutSuffix(rest, "'")
	case 1:
		return values[0], true
	}
	return "", false
}

func valuesOf(context map[string][]string, key string) []string {
	for name, values := range context {
		if strings.EqualFold(name, key) {
			return values
		}
	}
	return nil
}

// matches compares a whole text with the pattern, in time in proportion to the product of their lengths.
func (p pattern) matches(text string) bool {
	at, i, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case at < len(p) && p[at] == anyText:
			star, mark = at, i
			at++
		case at < len(p) && p[at].is(text[i]):
			at++
			i++
		case star >= 0:
			mark++
			at, i = star+1, mark
		default:
			return false
		}
	}
	return !slices.ContainsFunc(p[at:], func(s symbol) bool { return s != anyText })
}

func (s symbol) is(character byte) bool {
	return s == anyCharacter || s == symbol(character) || s == separator && character == ':'
}

// arnParts is the number of parts of an ARN, of which the last may have colons of its own.
const arnParts = 6

// matchesARN compares part by part: a wildcard stops at the colon that ends its part.
func (p pattern) matchesARN(arn string) bool {
	if slices.Equal(p, pattern{anyText}) || p.String() == arn {
		return true
	}
	patterns, parts := p.parts(), strings.SplitN(arn, ":", arnParts)
	if len(patterns) != arnParts || len(parts) != arnParts {
		return false
	}
	for i := range parts {
		if !patterns[i].matches(parts[i]) {
			return false
		}
	}
	return true
}

// parts splits a pattern of ARNs.
func (p pattern) parts() []pattern {
	var parts []pattern
	for len(parts) < arnParts-1 {
		i := slices.Index(p, separator)
		if i < 0 {
			break
		}
		parts = append(parts, p[:i])
		p = p[i+1:]
	}
	return append(parts, p)
}
