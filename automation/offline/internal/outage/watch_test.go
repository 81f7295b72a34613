package outage

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// recording is a lab in a world that is recorded.
type recording struct {
	lab
	*testing.T
	world *world.World
}

func record(t *testing.T) *recording {
	t.Helper()
	w, err := world.New(filepath.Join(t.TempDir(), "world.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	r := &recording{newLab(), t, w}
	for id := range r.lab {
		r.write(id)
	}
	require.NoError(t, w.PutImage(t.Context(), world.Image{Repository: repository, Tag: "v1", Digest: "sha256:1"}))
	require.NoError(t, w.Record(t.Context()))
	return r
}

// write is the call that creates or updates a thing, done the end of it.
func (r *recording) write(id string) {
	require.NoError(r, r.world.Update(r.Context(), func(tx *world.Tx) error {
		thing := *r.lab[id]
		return tx.Put(&thing, nil)
	}))
}

func (r *recording) done(id string) { require.NoError(r, r.world.End(r.Context(), r.lab[id].URN)) }

func (r *recording) delete(id string) { require.NoError(r, r.world.Delete(r.Context(), r.lab[id].Key)) }

func (r *recording) outages() []string {
	found, err := Find(r.Context(), r.world)
	require.NoError(r, err)
	var all []string
	for _, outage := range found {
		all = append(all, outage.What+" since "+outage.Since)
	}
	return all
}

// deploy updates the service shop to listen on 9999.
func (r *recording) deploy() {
	r.set("shop", "loadBalancers", []any{in{"targetGroupArn": "arn:targets", "containerPort": 9999}})
	r.start(containers("shop", 9999))
}

// start updates the service shop to run tasks of these containers.
func (r *recording) start(containers string) {
	r.put(token.TaskDefinition, "shop-task-2", in{"containerDefinitions": containers})
	r.set("shop", "taskDefinition", "arn:shop-task-2")
	r.write("shop-task-2")
	r.done("shop-task-2")
	r.write("shop")
}

// open lets the load balancer call tasks on 9999.
func (r *recording) open() {
	r.put(token.EgressRule, "to-tasks-2", rule("balancer", 9999, "referencedSecurityGroupId", "tasks"))
	r.put(token.IngressRule, "from-balancer-2", rule("tasks", 9999, "referencedSecurityGroupId", "balancer"))
	for _, id := range []string{"to-tasks-2", "from-balancer-2"} {
		r.write(id)
		r.done(id)
	}
}

func TestARollingDeploymentWithoutOutage(t *testing.T) {
	r := record(t)
	r.open()
	r.deploy()
	r.done("shop")
	r.delete("from-balancer")
	r.delete("shop-task")
	require.Empty(t, r.outages())
}

func TestOldTasksAreReachedUntilTheDeploymentIsOver(t *testing.T) {
	r := record(t)
	r.open()
	r.deploy()
	r.delete("from-balancer")
	r.done("shop")
	require.Equal(t, []string{
		"http://alb.amazonaws.com/items since delete SecurityGroupIngressRule from-balancer",
		"being called by the load balancer of the tasks of shop since delete SecurityGroupIngressRule from-balancer",
	}, r.outages())
}

func TestNewTasksAreReachedFromTheBeginning(t *testing.T) {
	r := record(t)
	r.deploy()
	r.open()
	r.done("shop")
	require.Equal(t, []string{
		"being called by the load balancer of the tasks of shop since update Service shop",
	}, r.outages())
}

func TestWhatIsBeingCreatedIsNotThere(t *testing.T) {
	r := record(t)
	r.put(token.TargetGroup, "targets-2", in{})
	r.put(token.Service, "store", service("store", 8080, in{
		"taskDefinition": "arn:cart-task",
		"loadBalancers":  []any{in{"targetGroupArn": "arn:targets-2", "containerPort": 8080}},
	}))
	r.set("rule", "actions", []any{in{"type": "forward", "targetGroupArn": "arn:targets-2"}})
	for _, id := range []string{"targets-2", "store"} {
		r.write(id)
		r.done("targets-2")
	}
	r.write("rule") // a renaming that leads to the new tasks before they are healthy
	r.done("store")
	r.delete("shop")
	require.Equal(t, []string{"http://alb.amazonaws.com/items since update ListenerRule rule"}, r.outages())
}

// recordBelow records a lab whose rule is for what lies below its path too.
func recordBelow(t *testing.T) *recording {
	r := record(t)
	r.set("rule", "priority", 2)
	r.set("rule", "conditions", []any{in{"pathPattern": in{"values": []any{"/items", "/items/*"}}}})
	r.write("rule")
	require.NoError(t, r.world.Record(t.Context()))
	return r
}

// extract gives a part of the route to a new service.
func (r *recording) extract(actions ...any) {
	r.put(token.TargetGroup, "targets-2", in{})
	r.put(token.ListenerRule, "rule-2", in{
		"listenerArn": "http", "priority": 1, "actions": actions,
		"conditions": []any{in{"pathPattern": in{"values": []any{"/items/sold"}}}},
	})
	r.put(token.Service, "sold", service("sold", 8080, in{
		"taskDefinition": "arn:cart-task",
		"loadBalancers":  []any{in{"targetGroupArn": "arn:targets-2", "containerPort": 8080}},
	}))
	for _, id := range []string{"targets-2", "rule-2", "sold"} {
		r.write(id)
		r.done(id)
	}
}

func TestAPartOfARouteThatGoesToANewServiceBeforeItHasTasks(t *testing.T) {
	r := recordBelow(t)
	r.extract(in{"type": "forward", "targetGroupArn": "arn:targets-2"})
	require.Equal(t, []string{"http://alb.amazonaws.com/items/sold since done ListenerRule rule-2"}, r.outages())
}

func TestAPartOfARouteThatGoesToANewServiceOnceItHasTasks(t *testing.T) {
	r := recordBelow(t)
	r.extract(in{"type": "forward", "forward": in{"targetGroups": []any{
		in{"arn": "arn:targets", "weight": 1}, in{"arn": "arn:targets-2", "weight": 0},
	}}})
	r.set("rule-2", "actions", []any{in{"type": "forward", "targetGroupArn": "arn:targets-2"}})
	r.write("rule-2")
	require.Empty(t, r.outages())
}

func TestARuleWhoseTargetGroupsAllHaveWeight0(t *testing.T) {
	r := record(t)
	r.set("rule", "actions", []any{in{"type": "forward", "forward": in{"targetGroups": []any{
		in{"arn": "arn:targets", "weight": 0},
	}}}})
	r.write("rule")
	r.set("rule", "actions", []any{in{"type": "forward", "targetGroupArn": "arn:targets"}})
	r.write("rule")
	require.Equal(t, []string{"http://alb.amazonaws.com/items since update ListenerRule rule"}, r.outages())
}

func TestARouteThatIsNewHasNoOutage(t *testing.T) {
	r := record(t)
	r.extract(in{"type": "forward", "targetGroupArn": "arn:targets-2"})
	require.Empty(t, r.outages())
}

func TestARequestThatIsNotAnsweredInTheEndHasNoOutage(t *testing.T) {
	r := record(t)
	r.delete("rule")
	r.delete("shop")
	require.Empty(t, r.outages())
}

func TestARouteThatIsTakenAwayHasNoOutage(t *testing.T) {
	interrupted := []string{"http://alb.amazonaws.com/items since done Service shop"}
	for name, test := range map[string]struct {
		wasThere bool   // the service with a more general route
		kept     string // of what the other service had
		led      bool   // the rule that is taken away led there first
		want     []string
	}{
		"and goes to a new service":                {false, "", false, nil},
		"of a service that keeps its target group": {false, "targets", false, interrupted},
		"and goes to a service that was there":     {true, "", false, interrupted},
		"after it led to a service that was there": {true, "", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t)
			r.put(token.TargetGroup, "targets-2", in{})
			r.put(token.Service, "store", service("store", 8080, in{
				"taskDefinition": "arn:cart-task",
				"loadBalancers":  []any{in{"targetGroupArn": "arn:targets-2", "containerPort": 8080}},
			}))
			r.put(token.ListenerRule, "general", in{
				"listenerArn": "http", "priority": 900,
				"actions": []any{in{"type": "forward", "targetGroupArn": "arn:targets-2"}},
			})
			for _, id := range []string{"targets-2", "general", "store"} {
				r.write(id)
				r.done(id)
			}
			if test.wasThere {
				require.NoError(t, r.world.Record(t.Context()))
			}
			if test.led {
				r.set("rule", "actions", []any{in{"type": "forward", "targetGroupArn": "arn:targets-2"}})
				r.write("rule")
			}
			r.set("shop", "loadBalancers", []any{})
			r.write("shop")
			r.done("shop")
			for _, id := range []string{"rule", "targets"} {
				if id != test.kept {
					r.delete(id)
				}
			}
			require.Equal(t, test.want, r.outages())
		})
	}
}

func TestACallThatIsGivenUpHasNoOutage(t *testing.T) {
	for name, test := range map[string]struct {
		later []any
		want  []string
	}{
		"given up": {nil, nil},
		"made in the end": {
			[]any{in{"name": "SERVICE_CART_URL", "value": "http://cart:9090"}},
			[]string{"service cart:9090 of the tasks of shop since delete SecurityGroupEgressRule to-cart"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t)
			r.start(containers("shop", 8080, test.later...))
			r.delete("to-cart")
			r.done("shop")
			require.Equal(t, test.want, slices.DeleteFunc(r.outages(), func(o string) bool {
				return !strings.HasPrefix(o, "service cart:9090")
			}))
		})
	}
}

func TestAServiceThatIsToHaveNoTasksAnswersNoCall(t *testing.T) {
	scale := func(r *recording, tasks int) {
		r.set("cart", "desiredCount", tasks)
		r.write("cart")
		r.done("cart")
	}
	r := record(t)
	scale(r, 0)
	require.Empty(t, r.outages())

	r = record(t)
	scale(r, 0)
	scale(r, 1)
	require.Equal(t, []string{"service cart:9090 of the tasks of shop since done Service cart"}, r.outages())
}

func TestPermissionsLastAsLongAsTheTasks(t *testing.T) {
	const allowed = `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	allow := func(r *recording) {
		require.NoError(t, r.world.Update(t.Context(), func(tx *world.Tx) error {
			role, policy := *r.lab["role"], *r.lab["policy"]
			require.NoError(t, tx.Put(&role, nil))
			return tx.Put(&policy, []world.Link{{Property: "role", Target: &role}})
		}))
	}
	for name, test := range map[string]struct {
		end  func(*recording)
		want bool
	}{
		"until the deployment is over": {func(r *recording) { r.deploy(); r.done("shop"); r.delete("policy") }, false},
		"not as long":                  {func(r *recording) { r.deploy(); r.delete("policy"); r.done("shop") }, true},
		"no longer than is asked for":  {func(r *recording) { r.delete("policy") }, false},
		"but for a while":              {func(r *recording) { r.delete("policy"); allow(r); r.done("policy") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t)
			r.put(token.Role, "role", in{"name": "role"})
			r.put(token.RolePolicy, "policy", in{"role": "role", "policy": allowed})
			r.set("shop-task", "executionRoleArn", "arn:role")
			allow(r)
			require.NoError(t, r.world.Update(t.Context(), func(tx *world.Tx) error {
				task, shop := *r.lab["shop-task"], *r.lab["shop"]
				require.NoError(t, tx.Put(&task, nil))
				return tx.Put(&shop, []world.Link{{Property: "taskDefinition", Target: &task}})
			}))
			require.NoError(t, r.world.Record(t.Context())) // once more, from here on
			r.open()
			test.end(r)
			require.Equal(t, test.want, slices.Contains(r.outages(), "ecr:BatchGetImage on arn:aws:ecr:eu-west-1:"+
				"123456789012:repository/shop of the tasks of shop since delete RolePolicy policy"))
		})
	}
}

// rollBack makes the service shop what it was before deploy.
func (r *recording) rollBack() {
	r.set("shop", "taskDefinition", "arn:shop-task")
	r.set("shop", "loadBalancers", []any{in{"targetGroupArn": "arn:targets", "containerPort": 8080}})
	r.write("shop")
}

func TestADeploymentThatIsRolledBackInterruptsNothing(t *testing.T) {
	r := record(t)
	r.open()
	r.deploy()
	r.rollBack()
	r.done("shop")
	require.Empty(t, r.outages())
}

// The tasks of a deployment that is over have what they use until others take their place, those that a rollback has
// started again among them.
func TestWhatRunsHasWhatItUsesUntilItIsReplaced(t *testing.T) {
	r := record(t)
	r.open()
	r.deploy()
	r.rollBack()
	r.done("shop")
	r.delete("from-balancer")
	r.deploy()
	r.done("shop")
	require.Contains(t, r.outages(), "being called by the load balancer of the tasks of shop since delete "+
		"SecurityGroupIngressRule from-balancer")
}

// An alarm rolls back what was deployed. The tasks of before start again, for which everything has to be there.
func TestWhatIsRolledBackByAnAlarmNeedsItsTaskDefinition(t *testing.T) {
	r := record(t)
	r.open()
	r.deploy()
	r.done("shop")
	r.delete("shop-task")
	r.rollBack()
	r.done("shop")
	r.write("shop-task") // somebody mends it
	r.done("shop-task")
	r.rollBack()
	r.done("shop")
	require.Equal(t, []string{"http://alb.amazonaws.com/items since done Service shop"}, r.outages())
}
