package stack

import (
	"fmt"

	"github.com/awslab/awslab/infra/config"
)

// Some changes take two updates, the first of which AWS has to have made before it accepts the second. So a stack
// records, in its output permanent, what its last update left: whether its services run on instances, what the database
// runs on, and which services are internal.
const (
	instancesKey = "instances"
	inUse        = "in use"

	serversKey = "servers"

	accessKey = "access:" // begins those of the services
	internal  = "internal"
	public    = "public"
)

func (l *lab) onInstances() bool { return l.config.Cluster.LaunchType == "ec2" }

// leavesInstances reports whether this update moves the services to Fargate, and the next one removes the instances.
func (l *lab) leavesInstances() bool { return !l.onInstances() && l.before[instancesKey] == inUse }

// newlyRouted reports whether the service is there and was internal.
func (l *lab) newlyRouted(s config.Service) bool {
	return s.Public() && l.before[accessKey+s.Name] == internal
}

// recordSteps records what this update leaves, and says what is left to do after it.
func (l *lab) recordSteps(values map[string]string) error {
	var left []string
	if l.onInstances() {
		values[instancesKey] = inUse
	}
	if l.leavesInstances() {
		left = append(left, "The services move to Fargate. The next update removes the instances: bring the stack up "+
			"once more")
	}
	if db := l.config.Database; db != nil {
		values[serversKey] = fmt.Sprintf("%s, %s, %d GiB", *db.Class, db.Args().Version(), *db.StorageGiB)
		if was, is := l.before[serversKey], values[serversKey]; was != "" && was != is && !db.ApplyImmediately {
			left = append(left, fmt.Sprintf("The database goes from %s to %s in its maintenance window, %s UTC. Set "+
				"%s:database.applyImmediately: true to have it at once, with an interruption",
				was, is, db.MaintenanceWindow, l.Project()))
		}
	}
	for _, s := range l.config.Services {
		values[accessKey+s.Name] = internal
		if s.Public() {
			values[accessKey+s.Name] = public
		}
		if l.newlyRouted(s) {
			left = append(left, fmt.Sprintf("Service %s gets behind the load balancer. The next update sets its "+
				"healthCheck.graceSeconds: bring the stack up once more", s.Name))
		}
	}
	for _, note := range left {
		if err := l.Log.Warn(note, nil); err != nil {
			return fmt.Errorf("saying what is left to do: %w", err)
		}
	}
	return nil
}
