// Who may do what: the role by its name in roles.json, for one principal, on the resource of the
// module that takes it.
@export()
type grant = {
  principalId: string
  principalType: 'ServicePrincipal' | 'User'
  role: string
}
