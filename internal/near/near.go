// Package near finds the name that was meant by a wrong one.
package near

import "strings"

// longest is the length from which on a name is no slip of another one.
const longest = 64

// Name returns the name that wrong is most likely a slip of: of those that are made of
// it by the fewest changes the first by the alphabet. If a third of the letters is not
// enough for any of them, it is "".
func Name(wrong string, names []string) string {
	if len(wrong) > longest {
		return ""
	}
	best, least := "", max(len(wrong)/3, 1)
	for _, name := range names {
		n := distance(strings.ToLower(wrong), strings.ToLower(name), least)
		if n >= max(len(wrong), len(name)) { // not a letter is the same
			continue
		}
		if n < least || n == least && (best == "" || name < best) {
			best, least = name, n
		}
	}
	return best
}

// distance counts the letters to put in, take out, change or swap with their
// neighbours to make b of a. More than most are not counted.
func distance(a, b string, most int) int {
	if max(len(a)-len(b), len(b)-len(a)) > most {
		return most + 1
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
