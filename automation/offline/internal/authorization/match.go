package authorization

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// matchAction compares an action with a pattern, without regard to case.
func matchAction(pattern, action string) bool {
	return wildcard(strings.ToLower(pattern), strings.ToLower(action))
}

// matchResource compares the request's resource with a pattern.
func matchResource(pattern string, r Request) bool {
	expanded, ok := expand(pattern, r.Context)
	return ok && matchARN(expanded, r.Resource)
}

// arnParts is the number of parts of an ARN, of which the last may have colons of its own.
const arnParts = 6

// matchARN compares part by part: a wildcard stops at the colon that ends its part.
func matchARN(pattern, arn string) bool {
	if pattern == "*" || pattern == arn {
		return true
	}
	patterns, parts := strings.SplitN(pattern, ":", arnParts), strings.SplitN(arn, ":", arnParts)
	if len(patterns) != arnParts || len(parts) != arnParts {
		return false
	}
	for i := range parts {
		if !wildcard(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// wildcard compares a text with a pattern in which * stands for any characters and ? for one.
func wildcard(pattern, text string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(text); i++ {
				if wildcard(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case text == "" || pattern[0] != '?' && pattern[0] != text[0]:
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

// expand replaces policy variables such as ${aws:PrincipalTag/team}. Without a value of the key nothing matches.
func expand(pattern string, context map[string][]string) (string, bool) {
	for {
		before, rest, found := strings.Cut(pattern, "${")
		if !found {
			return pattern, true
		}
		key, after, _ := strings.Cut(rest, "}")
		values := valuesOf(context, key)
		if len(values) != 1 {
			return "", false
		}
		pattern = before + values[0] + after
	}
}

func valuesOf(context map[string][]string, key string) []string {
	for name, values := range context {
		if strings.EqualFold(name, key) {
			return values
		}
	}
	return nil
}

// comparisons are the condition operators that compare one value with one that a policy gives ("IAM JSON policy
// elements: Condition operators", IAM user guide).
var comparisons = map[string]func(wanted, value string) bool{
	"StringEquals":             func(wanted, value string) bool { return wanted == value },
	"StringEqualsIgnoreCase":   strings.EqualFold,
	"StringLike":               wildcard,
	"ArnEquals":                matchARN,
	"ArnLike":                  matchARN,
	"Bool":                     strings.EqualFold,
	"NumericEquals":            numeric(func(wanted, value float64) bool { return value == wanted }),
	"NumericLessThan":          numeric(func(wanted, value float64) bool { return value < wanted }),
	"NumericLessThanEquals":    numeric(func(wanted, value float64) bool { return value <= wanted }),
	"NumericGreaterThan":       numeric(func(wanted, value float64) bool { return value > wanted }),
	"NumericGreaterThanEquals": numeric(func(wanted, value float64) bool { return value >= wanted }),
}

// negations are the operators that hold where another does not.
var negations = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"NumericNotEquals":          "NumericEquals",
}

func numeric(compare func(wanted, value float64) bool) func(wanted, value string) bool {
	return func(wanted, value string) bool {
		w, err := strconv.ParseFloat(wanted, 64)
		if err != nil {
			return false
		}
		v, err := strconv.ParseFloat(value, 64)
		return err == nil && compare(w, v)
	}
}

// holds reports whether the condition holds for the keys of a request. It fails for an operator that it does not know.
func (c Condition) holds(context map[string][]string) (bool, error) {
	operator, values := c.Operator, valuesOf(context, c.Key)
	if operator == "Null" {
		return slices.Contains(c.Values, strconv.FormatBool(len(values) == 0)), nil
	}
	set, rest, isSet := strings.Cut(operator, ":")
	if isSet {
		operator = rest
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	negated := false
	if positive, ok := negations[operator]; ok {
		operator, negated = positive, true
	}
	compare, known := comparisons[operator]
	if !known || isSet && set != "ForAllValues" && set != "ForAnyValue" {
		return false, fmt.Errorf("the condition operator %s is not one of those that are known", c.Operator)
	}
	one := func(value string) bool {
		return negated != slices.ContainsFunc(c.Values, func(wanted string) bool {
			expanded, ok := expand(wanted, context)
			return ok && compare(expanded, value)
		})
	}
	switch {
	case set == "ForAllValues" && isSet:
		return !slices.ContainsFunc(values, func(v string) bool { return !one(v) }), nil
	case len(values) == 0:
		return ifExists || negated && !isSet, nil
	}
	return slices.ContainsFunc(values, one), nil
}
