// Package cost estimates what the resources of a stack cost in a month, from their inputs and a dated list of prices.
// What depends on use is estimated by an assumption, which each line states.
package cost

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

//go:embed prices.json
var list []byte

// PriceList says where and when the prices hold.
type PriceList struct {
	// Region is the AWS Region of the prices. Those of others differ by some percent, in a few by a third.
	Region string `json:"region"`
	// AsOf is a day such as 2026-01-31.
	AsOf   string             `json:"asOf"`
	Source string             `json:"source"`
	USD    map[string]float64 `json:"usd"`
	// Instances are prices of an hour, by class or type.
	Instances map[string]float64 `json:"instances"`
}

// Prices returns the list that estimates use.
func Prices() PriceList {
	var prices PriceList
	if err := json.Unmarshal(list, &prices); err != nil {
		panic(err) // the file is part of the program
	}
	return prices
}

// Resource is a resource as the program wants it, or as the state has it.
type Resource struct {
	URN, Parent string
	Type        string
	Inputs      map[string]any
}

// Line is what one resource costs for one reason.
type Line struct {
	// Component is the name of the outermost component that the resource belongs to.
	Component string `json:"component"`
	Resource  string `json:"resource"`
	What      string `json:"what"`
	// USD is the estimate for a month of 730 hours.
	USD float64 `json:"usd"`
	// Assumption says what use the estimate assumes. It is empty for what costs the same whatever the use.
	Assumption string `json:"assumption,omitempty"`
	// Unknown says why there is no estimate, and is empty if there is one.
	Unknown string `json:"unknown,omitempty"`
}

// hours are those of a month, as AWS's own calculator counts.
const hours = 730

// Estimate returns what the resources cost, by component, the dearest first within one. What costs nothing has no line.
func Estimate(resources []Resource) []Line {
	e := estimate{prices: Prices(), byURN: map[string]Resource{}, tasks: map[string]Resource{}}
	for _, r := range resources {
		e.byURN[r.URN] = r
		if r.Type == "aws:ecs/taskDefinition:TaskDefinition" {
			e.tasks[r.Parent] = r
		}
	}
	for _, r := range resources {
		rule, known := rules[r.Type]
		if !known {
			continue
		}
		e.current = r
		rule(&e, inputs(r.Inputs))
	}
	slices.SortStableFunc(e.lines, func(a, b Line) int {
		return cmp.Or(strings.Compare(a.Component, b.Component), cmp.Compare(b.USD, a.USD),
			strings.Compare(a.Resource, b.Resource))
	})
	return e.lines
}

// Total returns the sum of the lines.
func Total(lines []Line) float64 {
	var total float64
	for _, line := range lines {
		total += line.USD
	}
	return total
}

type estimate struct {
	prices  PriceList
	byURN   map[string]Resource
	tasks   map[string]Resource
	current Resource
	lines   []Line
}

// add adds what a quantity costs.
func (e *estimate) add(price string, quantity float64, assumption string) {
	each, known := e.prices.USD[price]
	if !known {
		panic(fmt.Sprintf("there is no price of %q", price)) // a test goes through all rules
	}
	e.line(price, each*quantity, assumption)
}

func (e *estimate) line(what string, usd float64, assumption string) {
	what, _, _ = strings.Cut(what, ",")
	e.lines = append(e.lines, Line{
		Component:  e.component(),
		Resource:   resource.URN(e.current.URN).Name(),
		What:       what,
		USD:        usd,
		Assumption: assumption,
	})
}

// instance adds hours of a class or type.
func (e *estimate) instance(class string, count float64) {
	if each, known := e.prices.Instances[class]; known {
		e.line(class, each*count*hours, "")
		return
	}
	e.line(class, 0, "")
	e.lines[len(e.lines)-1].Unknown = fmt.Sprintf("the price list has no %s", class)
}

// component returns the name of the outermost component of the current resource.
func (e *estimate) component() string {
	outermost := e.current
	for {
		parent, known := e.byURN[outermost.Parent]
		if !known || parent.Type == string(resource.RootStackType) {
			return resource.URN(outermost.URN).Name()
		}
		outermost = parent
	}
}

// inputs are read by name. What is not known yet reads as absent.
type inputs map[string]any

func (in inputs) text(name string) string {
	text, _ := in[name].(string)
	return text
}

func (in inputs) number(name string, otherwise float64) float64 {
	switch value := in[name].(type) {
	case float64:
		return value
	case string:
		var number float64
		if _, err := fmt.Sscanf(value, "%g", &number); err == nil {
			return number
		}
	}
	return otherwise
}

func (in inputs) list(name string) []any {
	values, _ := in[name].([]any)
	return values
}

func (in inputs) flag(name string) bool {
	flag, _ := in[name].(bool)
	return flag
}
