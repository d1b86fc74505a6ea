//go:build ignore

// Writes the description of the API, from which the types of the client are made.
package main

import (
	"fmt"
	"os"

	"github.com/nightshift-run/nightshift/internal/api"
)

func main() {
	text, err := api.New(api.Deps{}, api.Options{}).OpenAPI()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(append(text, '\n'))
}
