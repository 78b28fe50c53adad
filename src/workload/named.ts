/**
 * A second base of an interface that extends an inferred type. The compiler shows an interface with
 * one base and no members of its own as that base, which is hundreds of characters long; with two
 * bases its messages show the name of the interface.
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- it only stands for a second base
export interface Named {}
