// Package limits knows the limits of AWS that a stack can run into by its size, and counts its resources against them.
// Tests hold the largest stacks to it, as the configuration's own checks count what a person can give.
package limits

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Resource is one of a stack, with its inputs.
type Resource struct {
	Type, Name string
	Inputs     resource.PropertyMap
}

// Limit is how many, or how much, AWS allows of something. Values are default quotas, which AWS raises on request where
// Adjustable says so.
type Limit struct {
	Name       string
	Value      int
	Adjustable bool
	// Source is the page of AWS's documentation that says so.
	Source string
	// Count returns the number for each thing that is limited, by its name.
	Count func([]Resource) map[string]int
}

// Exceeded is a limit that resources exceed.
type Exceeded struct {
	Limit
	// Of is the thing that is limited, Count its number.
	Of    string
	Found int
}

func (e Exceeded) String() string {
	text := fmt.Sprintf("%s: %d %s; AWS allows %d (%s)", e.Of, e.Found, e.Name, e.Value, e.Source)
	if e.Adjustable {
		text += ", and more on request"
	}
	return text
}

const (
	// BalancerRules is how many rules the listeners of a load balancer have, besides their default ones ("Quotas for
	// your Application Load Balancers").
	BalancerRules = 100
	// GroupRules is how many rules a security group has in one direction ("Security groups", Amazon VPC quotas).
	GroupRules = 60
)

// CertificateName is how many characters the first name of a certificate has at most ("RequestCertificate", AWS
// Certificate Manager API).
const CertificateName = 64

// Check returns the limits that the resources of a stack exceed, in the order of All.
func Check(resources []Resource) []Exceeded {
	var found []Exceeded
	for _, limit := range All {
		counts := limit.Count(resources)
		for _, of := range slices.Sorted(maps.Keys(counts)) {
			if counts[of] > limit.Value {
				found = append(found, Exceeded{limit, of, counts[of]})
			}
		}
	}
	return found
}

// perAccount counts the resources of a type.
func perAccount(typ string) func([]Resource) map[string]int {
	return func(resources []Resource) map[string]int {
		count := map[string]int{}
		for _, r := range resources {
			if r.Type == typ {
				count["the stack"]++
			}
		}
		return count
	}
}

// rulesOfBalancers counts the rules of listeners by the load balancer of the listener, or by the listener where the
// resources do not tell.
func rulesOfBalancers(resources []Resource) map[string]int {
	balancers, count := map[string]string{}, map[string]int{}
	for _, r := range resources {
		if r.Type == "aws:lb/listener:Listener" {
			balancers[text(r.Inputs["arn"])] = text(r.Inputs["loadBalancerArn"])
		}
	}
	for _, r := range resources {
		if r.Type == "aws:lb/listenerRule:ListenerRule" {
			listener := text(r.Inputs["listenerArn"])
			count[cmp.Or(balancers[listener], listener)]++
		}
	}
	return count
}

// per counts the resources of a type by the value of one of their properties.
func per(typ, property string) func([]Resource) map[string]int {
	return func(resources []Resource) map[string]int {
		count := map[string]int{}
		for _, r := range resources {
			if r.Type == typ {
				count[text(r.Inputs[resource.PropertyKey(property)])]++
			}
		}
		return count
	}
}

// sizes measures a property of every resource of a type, by the resource's name.
func sizes(typ, property string, size func(resource.PropertyValue) int) func([]Resource) map[string]int {
	return func(resources []Resource) map[string]int {
		count := map[string]int{}
		for _, r := range resources {
			if value, has := r.Inputs[resource.PropertyKey(property)]; has && r.Type == typ {
				count[r.Name] = size(value)
			}
		}
		return count
	}
}

// sum adds up a property of the resources of a type, by the value of another property.
func sum(typ, of, property string, size func(resource.PropertyValue) int) func([]Resource) map[string]int {
	return func(resources []Resource) map[string]int {
		count := map[string]int{}
		for _, r := range resources {
			if r.Type == typ {
				count[text(r.Inputs[resource.PropertyKey(of)])] += size(r.Inputs[resource.PropertyKey(property)])
			}
		}
		return count
	}
}

func text(v resource.PropertyValue) string {
	for v.IsSecret() {
		v = v.SecretValue().Element
	}
	if v.IsString() {
		return v.StringValue()
	}
	return ""
}

// characters of a text; policyCharacters, those of a policy document.
func characters(v resource.PropertyValue) int { return len(text(v)) }

func policyCharacters(v resource.PropertyValue) int { return DocumentSize(text(v)) }

// DocumentSize counts the characters of a policy document as IAM does: white space is free ("IAM and AWS STS quotas").
func DocumentSize(text string) int {
	return len(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
}

func elements(v resource.PropertyValue) int {
	for v.IsSecret() {
		v = v.SecretValue().Element
	}
	if v.IsArray() {
		return len(v.ArrayValue())
	}
	return 0
}

// within counts the elements of a JSON document.
func within(count func(document any) int) func(resource.PropertyValue) int {
	return func(v resource.PropertyValue) int {
		var document any
		if json.Unmarshal([]byte(text(v)), &document) != nil {
			return 0
		}
		return count(document)
	}
}

// widgets and metrics of the body of a dashboard.
func widgets(body any) int {
	object, _ := body.(map[string]any)
	list, _ := object["widgets"].([]any)
	return len(list)
}

func metrics(body any) int {
	object, _ := body.(map[string]any)
	list, _ := object["widgets"].([]any)
	count := 0
	for _, widget := range list {
		properties, _ := widget.(map[string]any)["properties"].(map[string]any)
		shown, _ := properties["metrics"].([]any)
		count += len(shown)
	}
	return count
}

func list(document any) int {
	all, _ := document.([]any)
	return len(all)
}

// conditionValues are the values of the conditions of a rule of a listener.
func conditionValues(v resource.PropertyValue) int {
	count := 0
	if !v.IsArray() {
		return 0
	}
	for _, condition := range v.ArrayValue() {
		if !condition.IsObject() {
			continue
		}
		for _, kind := range []resource.PropertyKey{"pathPattern", "hostHeader"} {
			if pattern := condition.ObjectValue()[kind]; pattern.IsObject() {
				count += elements(pattern.ObjectValue()["values"])
			}
		}
	}
	return count
}

// groupsOfTasks are the security groups of an ECS service's tasks.
func groupsOfTasks(v resource.PropertyValue) int {
	if !v.IsObject() {
		return 0
	}
	return elements(v.ObjectValue()["securityGroups"])
}

// operands of the rule of a composite alarm.
func operands(v resource.PropertyValue) int { return strings.Count(text(v), "ALARM(") }

// aclRules are the rules of a network ACL in one direction, of the address family that has more of them.
func aclRules(v resource.PropertyValue) int {
	if !v.IsArray() {
		return 0
	}
	ipv6 := 0
	for _, rule := range v.ArrayValue() {
		if rule.IsObject() && text(rule.ObjectValue()["ipv6CidrBlock"]) != "" {
			ipv6++
		}
	}
	return max(ipv6, len(v.ArrayValue())-ipv6)
}
