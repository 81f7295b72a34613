// Package mutation proves the packs on the lab itself: each change that makes the prod stack worse has to be found by a
// rule, and the stack as it is by none.
//
// Its test brings prod up on the offline target with a pack that only records what the engine shows to packs, derives
// mutants from the recording by a table of operators, and judges each. Run it with: make mutation
package mutation
