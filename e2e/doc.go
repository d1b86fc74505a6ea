// Package e2e runs the real program against real neighbours. Its tests need the
// tag e2e and the programs that tools/e2e installs; each starts what it needs on
// free ports of the loopback and stops it again.
package e2e
