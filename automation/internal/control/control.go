// Package control lets one process of a user ask another on the same machine to cancel what it does, and tells it how
// that ended. Signals would not do: an embedding process may run many operations, and has its own use for them.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// served numbers the operations of this process.
var served atomic.Int64

// pattern is the path of the sockets of a user's operations on what a key stands for. A socket can be written to, and
// so connected to, by its owner alone.
func pattern(key, process string) string {
	return filepath.Join(os.TempDir(), "awslab-"+strconv.Itoa(os.Getuid())+"-"+key+"-"+process+".sock")
}

// Operation is one that others can cancel.
type Operation struct {
	listener *net.UnixListener
	cancel   context.CancelCauseFunc
	// ended is closed when report is what the operation has to say.
	ended   chan struct{}
	report  []byte
	serving sync.WaitGroup
}

// Serve has others cancel an operation until it has ended. key stands for what it acts on: letters and digits, 32 of
// them at most.
func Serve(key string, cancel context.CancelCauseFunc) (*Operation, error) {
	path := pattern(key, fmt.Sprintf("%d-%d", os.Getpid(), served.Add(1)))
	_ = os.Remove(path) // of a process of the same number that was killed
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listening for cancellations: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("listening for cancellations: %w", err), listener.Close())
	}
	o := &Operation{listener: listener, cancel: cancel, ended: make(chan struct{})}
	o.serving.Go(o.accept)
	return o, nil
}

func (o *Operation) accept() {
	for {
		conn, err := o.listener.Accept()
		if err != nil {
			return // closed by End
		}
		o.serving.Go(func() { o.answer(conn) })
	}
}

// request is what a process sends that cancels.
type request struct {
	By string `json:"by"`
}

func (o *Operation) answer(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	asked := make(chan request, 1)
	go func() {
		defer close(asked)
		var r request
		if json.NewDecoder(conn).Decode(&r) == nil {
			asked <- r
		}
	}()
	select {
	case r, is := <-asked:
		if !is {
			return
		}
		o.cancel(fmt.Errorf("cancelled by %s", r.By))
		<-o.ended
	case <-o.ended:
		_ = conn.Close()
		<-asked
		return
	}
	_, _ = conn.Write(o.report)
}

// End tells those who cancelled how the operation ended.
func (o *Operation) End(report any) error {
	text, err := json.Marshal(report)
	o.report = append(text, '\n')
	close(o.ended)
	err = errors.Join(err, o.listener.Close())
	o.serving.Wait()
	return err
}

// Cancel asks every process of this user that runs an operation on what a key stands for to cancel it, and returns what
// they report once it has ended: nothing if there is none.
func Cancel[T any](ctx context.Context, key string) ([]T, error) {
	folder, sockets := filepath.Split(pattern(key, "*"))
	found, err := fs.Glob(os.DirFS(folder), sockets)
	if err != nil {
		return nil, fmt.Errorf("looking for operations: %w", err)
	}
	var reports []T
	for _, name := range found {
		socket := filepath.Join(folder, name)
		if !own(socket) {
			continue
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err != nil {
			_ = os.Remove(socket) // its process was killed
			continue
		}
		report, err := ask[T](ctx, conn)
		if err != nil {
			return reports, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func own(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) == os.Getuid()
}

func ask[T any](ctx context.Context, conn net.Conn) (report T, err error) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	by := request{By: fmt.Sprintf("another process (pid %d)", os.Getpid())}
	if err := json.NewEncoder(conn).Encode(by); err != nil {
		return report, fmt.Errorf("asking to cancel: %w", err)
	}
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	switch {
	case ctx.Err() != nil:
		return report, ctx.Err()
	case errors.Is(err, io.EOF):
		return report, errors.New("the process that was asked to cancel ended without a word")
	case err != nil:
		return report, fmt.Errorf("waiting for the end: %w", err)
	}
	if err := json.Unmarshal(line, &report); err != nil {
		return report, fmt.Errorf("reading how it ended: %w", err)
	}
	return report, nil
}
