// The control plane of the end-to-end tests: etcd, kube-apiserver without its aggregation layer (api-server.go), and
// kube-controller-manager in one process.
//
// Usage: control-plane --data-dir DIR --server-flag=--x=y… --manager-flag=--x=y… <(a pipe that stays open)
//
// control-plane.ts starts it and says how the two are set up; this program adds etcd and brings them together. Killed at
// any instant and started again on the same DIR it is the same cluster, and a copy of DIR taken while it is down is a
// snapshot of it. It ends with SIGTERM, at once, or when its standard input does: a test run that is killed leaves no
// server behind.
//
// It is not durable (etcd syncs nothing to disk, which a kill survives and a power cut does not), and etcd has no
// password: it listens on a free port of 127.0.0.1.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	logsapi "k8s.io/component-base/logs/api/v1"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	flags := pflag.NewFlagSet("control-plane", pflag.ExitOnError)
	dataDir := flags.String("data-dir", "", "directory of etcd's data; made where missing")
	ready := flags.String("ready-url", "", "what answers 200 when the controller manager may start")
	serverFlags := flags.StringArray("server-flag", nil, "a flag of kube-apiserver, such as --v=4; any number of them")
	managerFlags := flags.StringArray("manager-flag", nil, "a flag of kube-controller-manager; any number of them")
	_ = flags.Parse(os.Args[1:])

	etcd, endpoint, err := startEtcd(filepath.Join(*dataDir, "etcd"))
	if err != nil {
		fail("etcd", err)
	}
	stop := func() {
		etcd.Server.HardStop()
		os.Exit(0)
	}
	go stopAtSignal(stop)
	go stopAtEndOfInput(stop)

	// Both servers set up the logging of the whole process, and to the same.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	manager := managerCommand(*managerFlags)
	go func() {
		waitFor(*ready)
		fail("kube-controller-manager", manager.Execute())
	}()
	fail("kube-apiserver", runAPIServer(append(*serverFlags, "--etcd-servers="+endpoint)))
}

// startEtcd starts a cluster of one on free ports, which only this process needs to know, and returns its client URL.
func startEtcd(dir string) (*embed.Etcd, string, error) {
	config := embed.NewConfig()
	config.Dir = dir
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	// The gateway would dial the port that it was not told.
	config.EnableGRPCGateway = false
	free := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{free}, []url.URL{free}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{free}, []url.URL{free}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, "http://" + etcd.Clients[0].Addr().String(), nil
	case err := <-etcd.Err():
		return nil, "", err
	case <-time.After(30 * time.Second):
		return nil, "", fmt.Errorf("not ready within 30 s")
	}
}

func managerCommand(arguments []string) *cobra.Command {
	command := controllermanager.NewControllerManagerCommand()
	command.SetArgs(arguments)
	command.SilenceErrors = true
	command.SilenceUsage = true
	return command
}

// stopAtSignal does not wait for open watches, as kube-apiserver would for a minute: clients are tests.
func stopAtSignal(stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	stop()
}

func stopAtEndOfInput(stop func()) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
}

// waitFor asks for one word of the server in this same process, so it need not know its certificate.
func waitFor(url string) {
	client := http.Client{
		Timeout:   time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	}
	for ; ; time.Sleep(50 * time.Millisecond) {
		response, err := client.Get(url)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
}

func fail(part string, err error) {
	fmt.Fprintf(os.Stderr, "control-plane: %s ended: %v\n", part, err)
	os.Exit(1)
}
