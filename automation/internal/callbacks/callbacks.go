// Package callbacks stops what the Pulumi SDK leaves running after a program that ran inside the Automation API.
package callbacks

import (
	"reflect"
	"unsafe"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Stop ends the gRPC server that the SDK starts for a program's transforms (newCallbackServer in sdk/go/pulumi of
// 3.259), and waits until it has ended. The SDK itself never does, which a program in a process of its own does not
// notice, and neither exports it. Call it once the engine has ended. A program without transforms has no such server.
func Stop(ctx *pulumi.Context) {
	state := field(reflect.ValueOf(ctx), "state")
	server := field(state, "callbacks")
	stop, handle := field(server, "stop"), field(server, "handle")
	if !stop.IsValid() || !handle.IsValid() {
		return
	}
	close(*access[chan bool](stop))
	<-access[rpcutil.ServeHandle](handle).Done
}

// field returns a field of the struct that a pointer leads to, or nothing where there is none.
func field(pointer reflect.Value, name string) reflect.Value {
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return reflect.Value{}
	}
	return pointer.Elem().FieldByName(name)
}

// access returns a field that is not exported.
func access[T any](field reflect.Value) *T {
	return (*T)(unsafe.Pointer(field.UnsafeAddr())) //nolint:gosec // the type is that of the SDK in go.mod
}
