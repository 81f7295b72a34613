// Package names makes the physical names of resources: what they are called in AWS. A name is the prefix of the stack
// and the parts that say what it names, joined by hyphens. Every name is a function of its parts alone, so that it is
// known in a preview, and so that an ARN in an IAM document can be known before the resource is.
package names

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

const (
	// maxPrefix leaves room for the parts in every type that has no [Kind]: the longest are the roles of services and
	// of buckets, whose names have 64 characters (IAM user guide, "IAM and AWS STS quotas").
	maxPrefix = 30
	// hashLength is the number of hexadecimal digits that end a name that was cut.
	hashLength = 8
)

// Namer makes the names of one stack's resources.
type Namer struct{ prefix string }

// New returns the Namer of a stack. The stack keeps its prefix: kept is the one that it was made with, empty for a new
// stack, so that a stack's names stay as they are whatever becomes of the rules for new ones.
func New(project, stack, kept string) Namer {
	if kept != "" {
		return Namer{kept}
	}
	return Namer{prefixOf(project, stack)}
}

// Legacy returns the Namer of a stack that was made before stacks kept their prefix. It joined project and stack as
// they are, where that gives names that every service accepts.
func Legacy(project, stack string) Namer {
	if joined := project + "-" + stack; words.MatchString(joined) && len(joined) <= maxPrefix {
		return Namer{joined}
	}
	return New(project, stack, "")
}

var (
	word  = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	words = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// prefixOf joins project and stack if both are single words: then nothing but them gives this prefix, as "lab-dev" and
// service "x-y" is not "lab-dev-x" and service "y". Any other prefix ends in a hash of both.
func prefixOf(project, stack string) string {
	joined := project + "-" + stack
	if word.MatchString(project) && word.MatchString(stack) && len(joined) <= maxPrefix {
		return joined
	}
	return shorten(joined, project+"/"+stack, maxPrefix)
}

// Prefix returns what the names of all of the stack's resources begin with.
func (n Namer) Prefix() string { return n.prefix }

// Name returns the prefix and the parts, joined by hyphens.
func (n Namer) Name(parts ...string) string {
	return strings.Join(append([]string{n.prefix}, parts...), "-")
}

// Kind is a type of resource whose names have less room than prefix and parts may take.
type Kind struct {
	// Max is the number of characters that a name of the kind can have.
	Max int
}

// The limits are those of the services' API references, as named here.
var (
	// LoadBalancer is a load balancer or a target group (Elastic Load Balancing, CreateLoadBalancer,
	// CreateTargetGroup).
	LoadBalancer = Kind{32}
	// Bucket is an S3 bucket (Amazon S3 user guide, "General purpose bucket naming rules").
	Bucket = Kind{63}
	// EventRule is a rule of EventBridge (PutRule).
	EventRule = Kind{64}
	// Tracing is a group or a sampling rule of X-Ray (CreateGroup, CreateSamplingRule).
	Tracing = Kind{32}
	// CachePrefix begins the names of repositories that a pull-through cache makes (Amazon ECR,
	// CreatePullThroughCacheRule).
	CachePrefix = Kind{30}
	// RestoreTesting is a restore testing plan, which has 50 characters (AWS Backup, CreateRestoreTestingPlan), less
	// what is put behind it in the names of what belongs to it.
	RestoreTesting = Kind{40}
)

// Fit returns the name if it is short enough for the kind, or else its beginning and a hash of the whole.
func (k Kind) Fit(name string) string {
	if len(name) <= k.Max {
		return name
	}
	return shorten(name, name, k.Max)
}

// DatabaseUser returns the user that a service signs in to its database as, and another one for each service: names of
// services have no underscores. The beginning keeps it from being a key word of SQL, a name that PostgreSQL and RDS
// reserve (pg_, rds) or the master user. A service's name of up to 28 characters gives one that MySQL takes, too, whose
// users have 32 ("Account user names", MySQL reference manual); PostgreSQL's have 63.
func DatabaseUser(service string) string { return "svc_" + strings.ReplaceAll(service, "-", "_") }

// Hash returns a short text that stands for another one in names: 8 hexadecimal digits.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:hashLength]
}

// shorten returns at most limit characters: text in lower-case letters, digits and single hyphens, and a hash of whole.
func shorten(text, whole string, limit int) string {
	text = strings.Trim(foreign.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if text == "" || text[0] < 'a' {
		text = "lab-" + text // names of databases and of some others begin with a letter
	}
	if room := limit - hashLength - 1; len(text) > room {
		text = text[:room]
	}
	return fmt.Sprintf("%s-%s", strings.TrimRight(text, "-"), Hash(whole))
}

// foreign is what cannot be in every name.
var foreign = regexp.MustCompile(`[^a-z0-9]+`)
