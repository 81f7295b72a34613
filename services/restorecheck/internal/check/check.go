// Package check looks at resources that AWS Backup restored and says whether they are what they should be. It reads and
// never changes anything; of what is in them it reads no more than whether there is any.
package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Restored is a resource that a restore job made.
type Restored struct {
	Resource arn.ARN
	// Source is what was backed up. It may be gone, or the zero ARN if the job does not tell.
	Source arn.ARN
	// BackupBytes is the size of the backup, and Completed when its restoration ended.
	BackupBytes int64
	Completed   time.Time
}

// sourceIsNear says that the source is where the clients look, so that a resource with its name is the source. The
// source of a copy is in another region or account.
func (r Restored) sourceIsNear() bool {
	return r.Source.Service == r.Resource.Service && r.Source.Region == r.Resource.Region &&
		r.Source.AccountID == r.Resource.AccountID
}

// Finding is what a check saw.
type Finding struct {
	// Pending says what is still under way, so that a later look will see more. Empty if the finding is final.
	Pending string
	// Problems say what is wrong. None means that the resource is as it should be.
	Problems []string
	// Facts say what was found.
	Facts []string
}

func (f *Finding) fact(format string, values ...any) {
	f.Facts = append(f.Facts, fmt.Sprintf(format, values...))
}

func (f *Finding) require(holds bool, format string, values ...any) {
	if !holds {
		f.Problems = append(f.Problems, fmt.Sprintf(format, values...))
	}
}

// Check looks at a resource of one type. An error says that it could not look, and nothing about the resource.
type Check func(ctx context.Context, restored Restored) (Finding, error)

// Clients are what the checks ask. Settings are what they expect.
type (
	Clients struct {
		RDS      RDS
		DynamoDB DynamoDB
		S3       S3
		EFS      EFS
		EC2      EC2
	}
	Settings struct {
		// DatabaseSubnetGroup is where restored databases must be; empty means anywhere.
		DatabaseSubnetGroup string
	}
)

// All returns the checks by the type of resource, in the words of AWS Backup.
func All(clients Clients, settings Settings) map[string]Check {
	database := databases{clients.RDS, settings.DatabaseSubnetGroup}.check
	return map[string]Check{
		"RDS":      database,
		"Aurora":   database,
		"DynamoDB": tables{clients.DynamoDB}.check,
		"S3":       buckets{clients.S3}.check,
		"EFS":      fileSystems{clients.EFS}.check,
		"EBS":      volumes{clients.EC2}.check,
	}
}

// gone returns the finding about what is not there.
func gone(what string) Finding {
	return Finding{Problems: []string{what + " does not exist"}}
}

// name returns what follows a type in the last part of an ARN, such as orders in table/orders or db:orders.
func name(a arn.ARN, kind string) (string, error) {
	for _, separator := range []string{"/", ":"} {
		if found, ok := strings.CutPrefix(a.Resource, kind+separator); ok && found != "" {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not the ARN of a %s", a, kind)
}
