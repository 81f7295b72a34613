package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

// EFS is what the check of file systems asks.
type EFS interface {
	DescribeFileSystems(
		context.Context,
		*efs.DescribeFileSystemsInput,
		...func(*efs.Options),
	) (*efs.DescribeFileSystemsOutput, error)
}

type fileSystems struct{ client EFS }

// emptyFileSystem is the size in bytes of a file system without a file (EFS user guide, "Metering: how Amazon EFS
// reports file system and object sizes": 6 KiB).
const emptyFileSystem = 6144

func (s fileSystems) check(ctx context.Context, restored Restored) (Finding, error) {
	id, err := name(restored.Resource, "file-system")
	if err != nil {
		return Finding{}, err
	}
	answer, err := s.client.DescribeFileSystems(ctx, &efs.DescribeFileSystemsInput{FileSystemId: &id})
	if missing := new(types.FileSystemNotFound); errors.As(err, &missing) ||
		err == nil && len(answer.FileSystems) == 0 {
		return gone("the file system"), nil
	}
	if err != nil {
		return Finding{}, fmt.Errorf("describing file system %s: %w", id, err)
	}
	found := answer.FileSystems[0]
	var f Finding
	f.checkStatus(string(found.LifeCycleState), []string{
		string(types.LifeCycleStateAvailable),
	}, func(state string) bool {
		return state != string(types.LifeCycleStateCreating) && state != string(types.LifeCycleStateUpdating)
	})
	f.require(aws.ToBool(found.Encrypted), "it is not encrypted")
	f.size(found.SizeInBytes, restored)
	return f, nil
}

// size is metered from time to time and tells nothing before that: then the size of the backup has to do.
func (f *Finding) size(size *types.FileSystemSize, restored Restored) {
	if size == nil || aws.ToTime(size.Timestamp).Before(restored.Completed) {
		f.require(restored.BackupBytes > 0, "its backup is empty")
		f.fact("not metered yet, %d bytes in the backup", restored.BackupBytes)
		return
	}
	f.require(
		size.Value > emptyFileSystem || restored.BackupBytes <= emptyFileSystem,
		"it has no file, %d bytes are in the backup",
		restored.BackupBytes,
	)
	f.fact("%d bytes", size.Value)
}
