module github.com/isospike/isospike

go 1.25.0
