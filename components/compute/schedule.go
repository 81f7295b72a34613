package compute

import (
	"errors"
	"fmt"
	_ "time/tzdata" // a time zone is known wherever the program runs

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Schedule sets new limits for the number of a service's tasks at certain times, within which the targets of [Scaling]
// go on to work. A service that is to rest at night has two: one for the evening, one for the morning.
type Schedule struct {
	// Name is unique among the service's schedules, 1 to 100 letters, digits, hyphens and underscores.
	Name string
	// Expression is cron(minutes hours day-of-month month day-of-week year), rate(n minutes|hours|days) or
	// at(yyyy-mm-ddThh:mm:ss).
	Expression string
	// Timezone of cron and at, by its IANA name. Empty means UTC.
	Timezone string
	// Min and Max number of tasks from then on; 0 <= Min <= Max.
	Min, Max int
}

func (s Schedule) validate(at string) error {
	problems := []error{checkName(at+".Name", s.Name, 100)}
	if !grammar.IsSchedule(s.Expression) {
		problems = append(problems, problem.New(
			at+".Expression",
			"%q is not a schedule; use cron(0 7 ? * MON-FRI *), rate(1 hour) or at(2026-01-31T07:00:00)",
			s.Expression,
		))
	}
	if !grammar.IsTimeZone(s.Timezone) {
		problems = append(
			problems,
			problem.New(at+".Timezone", "%q is not an IANA time zone; use a name such as Europe/Berlin", s.Timezone),
		)
	}
	if s.Min < 0 || s.Min > s.Max {
		problems = append(problems, problem.New(at, "%d to %d; use 0 <= Min <= Max", s.Min, s.Max))
	}
	return errors.Join(problems...)
}

func (p *servicePlan) schedule(ctx *pulumi.Context, target *appautoscaling.Target) error {
	for _, s := range p.Scaling.Schedules {
		timezone := s.Timezone
		if timezone == "" {
			timezone = "UTC"
		}
		if _, err := appautoscaling.NewScheduledAction(
			ctx,
			p.name+"-schedule-"+s.Name,
			&appautoscaling.ScheduledActionArgs{
				Name:              pulumi.String(p.Name + "-" + s.Name),
				ServiceNamespace:  target.ServiceNamespace,
				ScalableDimension: target.ScalableDimension,
				ResourceId:        target.ResourceId,
				Schedule:          pulumi.String(s.Expression),
				Timezone:          pulumi.String(timezone),
				ScalableTargetAction: appautoscaling.ScheduledActionScalableTargetActionArgs{
					MinCapacity: pulumi.Int(s.Min),
					MaxCapacity: pulumi.Int(s.Max),
				},
			},
			pulumi.Parent(p.component),
		); err != nil {
			return fmt.Errorf("scaling service %q by schedule %s: %w", p.name, s.Name, err)
		}
	}
	return nil
}
