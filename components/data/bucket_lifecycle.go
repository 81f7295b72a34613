package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Transition moves objects to another storage class.
type Transition struct {
	// Days is the age in days.
	Days int
	// StorageClass is STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA (which one zone's loss loses), GLACIER_IR, GLACIER
	// or DEEP_ARCHIVE.
	StorageClass string
}

// storageClasses are those objects can move to, from warm to cold; they never move back ("Transitioning objects using
// Amazon S3 Lifecycle", S3 user guide).
var storageClasses = []string{
	"STANDARD_IA",
	"INTELLIGENT_TIERING",
	"ONEZONE_IA",
	"GLACIER_IR",
	"GLACIER",
	"DEEP_ARCHIVE",
}

const (
	// infrequentDays is how old an object has to be for the IA classes, and how long it stays there at least (ibid.).
	infrequentDays = 30
	// abortDays is the number of days after which the parts of an unfinished upload are deleted.
	abortDays = 7
	// maxDays is a century, which is what S3 allows for object locks.
	maxDays = 36500
)

func infrequent(class string) bool { return strings.HasSuffix(class, "_IA") }

func (args *BucketArgs) validateAges(p *problems) {
	p.addIf(
		args.ExpireDays < 0 || args.ExpireDays > maxDays,
		"ExpireDays",
		"%d; use 1 to %d, or 0 to keep objects",
		args.ExpireDays,
		maxDays,
	)
	p.addIf(
		args.OldVersionDays < 1 || args.OldVersionDays > maxDays,
		"OldVersionDays",
		"%d; use 1 to %d",
		args.OldVersionDays,
		maxDays,
	)
	lastDays, lastClass := -1, ""
	for i, transition := range args.Transitions {
		at := fmt.Sprintf("Transitions[%d]", i)
		rank := slices.Index(storageClasses, transition.StorageClass)
		p.addIf(rank < 0, at+".StorageClass", "%q; use one of %v", transition.StorageClass, storageClasses)
		p.addIf(rank >= 0 && rank <= slices.Index(storageClasses, lastClass), at+".StorageClass",
			"%s after %s; objects only move in the order %v", transition.StorageClass, lastClass, storageClasses)
		least := max(0, lastDays+1)
		if infrequent(transition.StorageClass) {
			least = max(least, infrequentDays)
		}
		if infrequent(lastClass) {
			least = max(least, lastDays+infrequentDays)
		}
		p.addIf(
			transition.Days < least || transition.Days > maxDays,
			at+".Days",
			"%d; use %d to %d",
			transition.Days,
			least,
			maxDays,
		)
		lastDays, lastClass = transition.Days, transition.StorageClass
	}
	p.addIf(
		args.ExpireDays > 0 && args.ExpireDays <= lastDays,
		"ExpireDays",
		"%d; objects move to %s at %d days: expire them later, or leave out that transition",
		args.ExpireDays,
		lastClass,
		lastDays,
	)
}

// lifecycleRules returns one for what is left over, and one for the objects' own lives.
func (store *bucketStore) lifecycleRules() s3.BucketLifecycleConfigurationV2RuleArray {
	everything := s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")}
	rules := s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("leftovers"),
		Status: pulumi.String("Enabled"),
		Filter: everything,
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
			DaysAfterInitiation: pulumi.Int(abortDays),
		},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(store.oldVersionDays),
		},
		Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)},
	}}
	if store.expireDays == 0 && len(store.transitions) == 0 {
		return rules
	}
	ageing := s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("ageing"),
		Status: pulumi.String("Enabled"),
		Filter: everything,
	}
	var transitions s3.BucketLifecycleConfigurationV2RuleTransitionArray
	for _, transition := range store.transitions {
		transitions = append(transitions, s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
			Days:         pulumi.Int(transition.Days),
			StorageClass: pulumi.String(transition.StorageClass),
		})
	}
	ageing.Transitions = transitions
	if store.expireDays > 0 {
		ageing.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(store.expireDays)}
	}
	return append(rules, ageing)
}
