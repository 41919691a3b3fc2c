// FerretDB with its SQLite backend as one program: a MongoDB server of somebody else's making that keeps its data.
// usage: ferretdb STATE_DIRECTORY ADDRESS [CERTIFICATE KEY]
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 3 && len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb STATE_DIRECTORY ADDRESS [CERTIFICATE KEY]")
		os.Exit(64)
	}
	config := &ferretdb.Config{Handler: "sqlite", SQLiteURL: "file:" + os.Args[1] + "/"}
	if len(os.Args) == 5 {
		config.Listener.TLS, config.Listener.TLSCertFile, config.Listener.TLSKeyFile = os.Args[2], os.Args[3], os.Args[4]
	} else {
		config.Listener.TCP = os.Args[2]
	}
	server, err := ferretdb.New(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := server.Run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
