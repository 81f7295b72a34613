// Package eventpattern reads event patterns and matches events as Amazon EventBridge does ("Amazon EventBridge event
// patterns" and "Comparison operators for use in event patterns", Amazon EventBridge user guide).
package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Pattern is an event pattern.
type Pattern struct{ root node }

// node is an object of a pattern, or the list of what a field may be.
type node struct {
	fields map[string]node
	// either are the $or of an object: one alternative of each has to match.
	either [][]node
	// tests are of a list. One of them has to hold.
	tests []test
}

// test reports whether it holds for a value that is no list and no object. Absent is the value of a field that is not
// there.
type test func(value any) bool

type absence struct{}

var absent any = absence{}

// Parse reads a pattern.
func Parse(text string) (Pattern, error) {
	var pattern map[string]any
	if err := json.Unmarshal([]byte(text), &pattern); err != nil {
		return Pattern{}, fmt.Errorf("event pattern: it is no JSON object: %w", err)
	}
	root, err := parseObject("", pattern)
	if err != nil {
		return Pattern{}, fmt.Errorf("event pattern: %w", err)
	}
	return Pattern{root}, nil
}

// Matches reports whether the pattern matches an event, which is JSON.
func (p Pattern) Matches(event string) (bool, error) {
	var value any
	if err := json.Unmarshal([]byte(event), &value); err != nil {
		return false, fmt.Errorf("event: %w", err)
	}
	return p.root.matches(value), nil
}

func parseObject(path string, pattern map[string]any) (node, error) {
	if len(pattern) == 0 {
		return node{}, fmt.Errorf("%q: empty objects are not allowed", path)
	}
	parsed := node{fields: map[string]node{}}
	for name, value := range pattern {
		at := strings.TrimPrefix(path+"."+name, ".")
		var field node
		var err error
		switch value := value.(type) {
		case map[string]any:
			field, err = parseObject(at, value)
		case []any:
			if name == "$or" {
				var alternatives []node
				alternatives, err = parseAlternatives(at, value)
				parsed.either = append(parsed.either, alternatives)
				break
			}
			field, err = parseList(at, value)
		default:
			err = fmt.Errorf("%q must be an object or an array", at)
		}
		if err != nil {
			return node{}, err
		}
		if name != "$or" {
			parsed.fields[name] = field
		}
	}
	return parsed, nil
}

func parseAlternatives(path string, list []any) ([]node, error) {
	if len(list) < 2 {
		return nil, fmt.Errorf("%q: there must have at least 2 objects in $or relationship", path)
	}
	var alternatives []node
	for _, value := range list {
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil, fmt.Errorf("%q: only JSON objects are allowed in $or", path)
		}
		alternative, err := parseObject(path, object)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, alternative)
	}
	return alternatives, nil
}

func parseList(path string, list []any) (node, error) {
	if len(list) == 0 {
		return node{}, fmt.Errorf("%q: empty arrays are not allowed", path)
	}
	var parsed node
	for _, value := range list {
		holds, err := parseTest(value)
		if err != nil {
			return node{}, fmt.Errorf("%q: %w", path, err)
		}
		parsed.tests = append(parsed.tests, holds)
	}
	return parsed, nil
}

func parseTest(value any) (test, error) {
	switch value := value.(type) {
	case map[string]any:
		if len(value) != 1 {
			return nil, errors.New("only one key is allowed in a match expression")
		}
		for operator, operand := range value {
			parse, known := operators[operator]
			if !known {
				return nil, fmt.Errorf("unrecognized match type %s", operator)
			}
			holds, err := parse(operand)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", operator, err)
			}
			return holds, nil
		}
	case []any:
		return nil, errors.New("match values must be strings, numbers, true, false, or null")
	}
	return func(found any) bool { return found == value }, nil
}

// operators read their operands.
var operators map[string]func(any) (test, error)

func init() { // as some refer to others
	operators = map[string]func(any) (test, error){
		"exists": func(operand any) (test, error) {
			wanted, isBool := operand.(bool)
			if !isBool {
				return nil, errors.New("must be true or false")
			}
			return func(found any) bool { return (found != absent) == wanted }, nil
		},
		"equals-ignore-case": onTexts(strings.EqualFold),
		"prefix":             ignoringCase(strings.HasPrefix),
		"suffix":             ignoringCase(strings.HasSuffix),
		"wildcard":           parseWildcard,
		"cidr":               parseBlock,
		"numeric":            parseRange,
		"anything-but":       parseAnythingBut,
	}
}

// onTexts returns an operator of one text.
func onTexts(holds func(found, operand string) bool) func(any) (test, error) {
	return func(operand any) (test, error) {
		text, isText := operand.(string)
		if !isText {
			return nil, errors.New("must be a string")
		}
		return func(found any) bool {
			value, isText := found.(string)
			return isText && holds(value, text)
		}, nil
	}
}

// ignoringCase returns an operator of one text, or of {"equals-ignore-case": text}.
func ignoringCase(holds func(found, operand string) bool) func(any) (test, error) {
	return func(operand any) (test, error) {
		if folded, isObject := operand.(map[string]any); isObject && len(folded) == 1 {
			return onTexts(func(found, operand string) bool {
				return holds(strings.ToLower(found), strings.ToLower(operand))
			})(folded["equals-ignore-case"])
		}
		return onTexts(holds)(operand)
	}
}

// wildcardPart is a character of a wildcard, or one behind a backslash.
var wildcardPart = regexp.MustCompile(`(?s)\\.|.`)

// parseWildcard reads a text in which * stands for any characters. A backslash takes that from * and from itself.
func parseWildcard(operand any) (test, error) {
	text, isText := operand.(string)
	if !isText || strings.Contains(text, "**") {
		return nil, errors.New("must be a string without two * in a row")
	}
	matcher := wildcardPart.ReplaceAllStringFunc(text, func(part string) string {
		if part == "*" {
			return ".*"
		}
		return regexp.QuoteMeta(part[len(part)-1:])
	})
	compiled, err := regexp.Compile("(?s)^" + matcher + "$")
	if err != nil {
		return nil, err
	}
	return func(found any) bool {
		value, isText := found.(string)
		return isText && compiled.MatchString(value)
	}, nil
}

// parseBlock reads a CIDR block.
func parseBlock(operand any) (test, error) {
	text, _ := operand.(string)
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, errors.New("must be a CIDR block")
	}
	return func(found any) bool {
		value, _ := found.(string)
		address, err := netip.ParseAddr(value)
		return err == nil && block.Contains(address)
	}, nil
}

// parseRange reads comparisons, such as ">", 0, "<=", 5.
func parseRange(operand any) (test, error) {
	list, _ := operand.([]any)
	if len(list) != 2 && len(list) != 4 {
		return nil, errors.New("must be one or two comparisons")
	}
	holds := []func(float64) bool{}
	for pair := range slices.Chunk(list, 2) {
		limit, isNumber := pair[1].(float64)
		compare, known := comparisons[fmt.Sprint(pair[0])]
		if !isNumber || !known {
			return nil, errors.New("must be an operator and a number in turn")
		}
		holds = append(holds, func(found float64) bool { return compare(found, limit) })
	}
	return func(found any) bool {
		number, isNumber := found.(float64)
		return isNumber && !slices.ContainsFunc(holds, func(one func(float64) bool) bool { return !one(number) })
	}, nil
}

var comparisons = map[string]func(found, limit float64) bool{
	"=":  func(found, limit float64) bool { return found == limit },
	"<":  func(found, limit float64) bool { return found < limit },
	"<=": func(found, limit float64) bool { return found <= limit },
	">":  func(found, limit float64) bool { return found > limit },
	">=": func(found, limit float64) bool { return found >= limit },
}

// parseAnythingBut reads a value, a list of values, or an operator with one or more texts. It holds for no field that
// is not there.
func parseAnythingBut(operand any) (test, error) {
	excluded := []any{operand}
	switch operand := operand.(type) {
	case []any:
		excluded = operand
	case map[string]any:
		excluded = nil
		for operator, texts := range operand {
			if !slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, operator) {
				return nil, fmt.Errorf("unrecognized match type %s", operator)
			}
			list, isList := texts.([]any)
			if !isList {
				list = []any{texts}
			}
			for _, text := range list {
				excluded = append(excluded, map[string]any{operator: text})
			}
		}
	}
	if len(excluded) == 0 {
		return nil, errors.New("empty lists are not allowed")
	}
	var tests []test
	for _, one := range excluded {
		holds, err := parseTest(one)
		if err != nil {
			return nil, err
		}
		tests = append(tests, holds)
	}
	return func(found any) bool {
		return found != absent && !slices.ContainsFunc(tests, func(holds test) bool { return holds(found) })
	}, nil
}

// matches reports whether the node matches a value, or one of them in a list.
func (n node) matches(value any) bool {
	if list, isList := value.([]any); isList && len(list) > 0 {
		return slices.ContainsFunc(list, n.matches)
	}
	object, isObject := value.(map[string]any)
	if n.tests != nil {
		if list, isList := value.([]any); isObject || isList && len(list) == 0 {
			value = absent // the operators are about leaves
		}
		return slices.ContainsFunc(n.tests, func(holds test) bool { return holds(value) })
	}
	for name, field := range n.fields {
		found, exists := object[name]
		if !exists {
			found = absent
		}
		if !field.matches(found) {
			return false
		}
	}
	for _, alternatives := range n.either {
		if !slices.ContainsFunc(alternatives, func(one node) bool { return one.matches(object) }) {
			return false
		}
	}
	return true
}
