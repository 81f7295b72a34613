package outage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// downloads returns a request for each file of the buckets behind distributions, by each of their names.
func (s *State) downloads() []Request {
	var all []Request
	for _, distribution := range s.byType[token.Distribution] {
		state := bridge.StateOf(distribution)
		for _, origin := range state.Objects("origins") {
			bucket := s.originOf(origin)
			if bucket == nil {
				continue
			}
			for _, host := range append(state.Strings("aliases"), state.Str("domainName")) {
				for _, object := range s.every(token.BucketObjectV2, "bucket", bucket.ID) {
					all = append(all, Request{"https", host, "/" + object.Str("key")})
				}
			}
		}
	}
	return all
}

// originOf returns the bucket that an origin is.
func (s *State) originOf(origin values.View) *world.Thing {
	return s.find(token.Bucket, "bucketRegionalDomainName", origin.Str("domainName"))
}

// distributionOf returns the distribution that has a name, or nil.
func (s *State) distributionOf(host string) *world.Thing {
	for _, distribution := range s.byType[token.Distribution] {
		state := bridge.StateOf(distribution)
		if state.Str("domainName") == host || slices.Contains(state.Strings("aliases"), host) {
			return distribution
		}
	}
	return nil
}

// serve returns nil if a distribution answers with a file, or the hop that is missing.
func (s *State) serve(distribution *world.Thing, path string) error {
	state := bridge.StateOf(distribution)
	if !state.Bool("enabled") {
		return fmt.Errorf("the distribution %s is not enabled", distribution.ID)
	}
	for _, origin := range state.Objects("origins") {
		access := origin.Str("originAccessControlId")
		bucket := s.originOf(origin)
		switch {
		case bucket == nil:
			return fmt.Errorf("there is no bucket %s", origin.Str("domainName"))
		case s.find(token.AccessControl, "", access) == nil:
			return fmt.Errorf("the origin access control %s does not exist", access)
		case s.find(token.BucketPolicy, "bucket", bucket.ID) == nil:
			return fmt.Errorf("no policy of bucket %s lets CloudFront read", bucket.ID)
		}
		isAsked := func(object values.View) bool { return object.Str("key") == strings.TrimPrefix(path, "/") }
		if slices.ContainsFunc(s.every(token.BucketObjectV2, "bucket", bucket.ID), isAsked) {
			return nil
		}
	}
	return fmt.Errorf("no origin of the distribution %s has a file %s", distribution.ID, path)
}
