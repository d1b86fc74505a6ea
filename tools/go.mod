module github.com/nightshift-run/nightshift/tools

go 1.26
