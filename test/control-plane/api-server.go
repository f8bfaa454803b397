package main

import (
	"context"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericfilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/notfoundhandler"
	"k8s.io/component-base/compatibility"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// runAPIServer runs kube-apiserver with its own flags, but for its aggregation layer: there are no APIServices, so no
// extension API server can be added, and none of the controllers that keep them runs.
//
// What that layer does besides is done here or missed by nobody: /openapi/v2 and v3 get the kinds of
// CustomResourceDefinitions, and aggregated discovery is shared by both servers of the chain. The older form of discovery,
// /apis to a client that does not ask for the aggregated one, lists built-in groups alone.
func runAPIServer(arguments []string) error {
	completed, err := apiServerOptions(arguments)
	if err != nil {
		return err
	}
	raw, err := apiserver.NewConfig(completed)
	if err != nil {
		return err
	}
	config, err := raw.Complete()
	if err != nil {
		return err
	}
	serializer := config.KubeAPIs.ControlPlane.Generic.Serializer
	notFound := notfoundhandler.New(serializer, genericfilters.NoMuxAndDiscoveryIncompleteKey)
	extensions, err := config.ApiExtensions.New(genericserver.NewEmptyDelegateWithCustomHandler(notFound))
	if err != nil {
		return err
	}
	kubernetes, err := config.KubeAPIs.New(extensions.GenericAPIServer)
	if err != nil {
		return err
	}
	front, behind := kubernetes.ControlPlane.GenericAPIServer, extensions.GenericAPIServer
	prepared := front.PrepareRun()
	// Controllers of CustomResourceDefinitions begin with the run, and write into what is served.
	behind.StaticOpenAPISpec = front.StaticOpenAPISpec
	behind.OpenAPIVersionedService = front.OpenAPIVersionedService
	behind.OpenAPIV3VersionedService = front.OpenAPIV3VersionedService
	return prepared.RunWithContext(context.Background())
}

func apiServerOptions(arguments []string) (options.CompletedOptions, error) {
	none := options.CompletedOptions{}
	run := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range run.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(arguments); err != nil {
		return none, err
	}
	registry := run.GenericServerRunOptions.ComponentGlobalsRegistry
	if err := registry.Set(); err != nil {
		return none, err
	}
	if err := logsapi.ValidateAndApply(run.Logs, registry.FeatureGateFor(compatibility.DefaultKubeComponent)); err != nil {
		return none, err
	}
	completed, err := run.Complete(context.Background())
	if err != nil {
		return none, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}
