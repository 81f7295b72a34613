// Package instancetype knows how much room EC2 instances have for tasks of Amazon ECS.
package instancetype

import (
	"regexp"
	"strconv"
	"strings"
)

// Size is the room of an instance type for tasks.
type Size struct {
	// CPU is in units of ECS, 1024 per vCPU, Memory in MiB. ECS keeps a part of the memory for itself.
	CPU, Memory int
	// Tasks is the most that run in network mode awsvpc at once. Each has a network interface of its own, and the
	// instance keeps one ("Allocate a network interface for an Amazon ECS task", Amazon ECS developer guide). An
	// account can raise it for some types by ENI trunking, which is not counted on here.
	Tasks int
}

// known are the families whose sizes follow one rule.
var known = regexp.MustCompile(`^(t3|t3a|t4g|[cmr](5|5a|5ad|5d|6a|6g|6gd|6i|6id|7a|7g|7gd|7i|8g|8gd))\.([a-z0-9]+)$`)

// burstable are the sizes of t3, t3a and t4g, in vCPU, MiB and network interfaces.
var burstable = map[string][3]int{
	"nano":    {2, 512, 2},
	"micro":   {2, 1 << 10, 2},
	"small":   {2, 2 << 10, 3},
	"medium":  {2, 4 << 10, 3},
	"large":   {2, 8 << 10, 3},
	"xlarge":  {4, 16 << 10, 4},
	"2xlarge": {8, 32 << 10, 4},
}

// memoryPerCPU is in MiB per vCPU, by the letter of the family.
var memoryPerCPU = map[byte]int{'c': 2 << 10, 'm': 4 << 10, 'r': 8 << 10}

// Of returns the size of an instance type, or false for one that is not known here ("Amazon EC2 instance types" and
// "Maximum IP addresses per network interface", Amazon EC2 user guide).
func Of(instance string) (Size, bool) {
	match := known.FindStringSubmatch(instance)
	if match == nil {
		return Size{}, false
	}
	if instance[0] == 't' {
		size, is := burstable[match[3]]
		if !is {
			return Size{}, false
		}
		if instance == "t3a.small" {
			size[2] = 2
		}
		return sizeOf(size[0], size[1], size[2]), true
	}
	vcpus, interfaces := 0, 0
	switch name, number := match[3], strings.TrimSuffix(match[3], "xlarge"); {
	case name == "medium":
		vcpus, interfaces = 1, 2
	case name == "large":
		vcpus, interfaces = 2, 3
	case name == "xlarge":
		vcpus, interfaces = 4, 4
	case number != name:
		times, err := strconv.Atoi(number)
		if err != nil {
			return Size{}, false
		}
		vcpus, interfaces = 4*times, interfacesOf(times)
	default:
		return Size{}, false
	}
	return sizeOf(vcpus, vcpus*memoryPerCPU[instance[0]], interfaces), true
}

// interfacesOf returns the network interfaces of a multiple of xlarge.
func interfacesOf(times int) int {
	switch {
	case times < 4:
		return 4
	case times <= 12:
		return 8
	}
	return 15
}

func sizeOf(vcpus, memory, interfaces int) Size {
	return Size{CPU: vcpus * 1024, Memory: memory, Tasks: interfaces - 1}
}

// Need is what tasks take together.
type Need struct{ CPU, Memory, Tasks int }

// Plus returns what both take together.
func (n Need) Plus(other Need) Need {
	return Need{CPU: n.CPU + other.CPU, Memory: n.Memory + other.Memory, Tasks: n.Tasks + other.Tasks}
}

// Instances returns how many instances of the size at least hold the tasks.
func (n Need) Instances(size Size) int {
	up := func(need, room int) int { return (need + room - 1) / room }
	return max(up(n.CPU, size.CPU), up(n.Memory, size.Memory), up(n.Tasks, size.Tasks))
}

// Largest returns the room of the largest among some types, and the name of the one that holds most tasks. It returns
// false if the size of any is not known.
func Largest(instances []string) (name string, largest Size, ok bool) {
	for _, instance := range instances {
		size, is := Of(instance)
		if !is {
			return "", Size{}, false
		}
		if size.Tasks > largest.Tasks {
			name = instance
		}
		largest = Size{
			CPU:    max(largest.CPU, size.CPU),
			Memory: max(largest.Memory, size.Memory),
			Tasks:  max(largest.Tasks, size.Tasks),
		}
	}
	return name, largest, name != ""
}
