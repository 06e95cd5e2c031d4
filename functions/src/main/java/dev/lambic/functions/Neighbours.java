package dev.lambic.functions;

/** Services beside Lambda that the control plane asks. They may be named after its start. */
final class Neighbours {
  private volatile CodeObjects objects = CodeObjects.none();
  private volatile ExecutionRoles roles = ExecutionRoles.all();

  void use(CodeObjects newObjects, ExecutionRoles newRoles) {
    objects = newObjects;
    roles = newRoles;
  }

  CodeObjects objects() {
    return objects;
  }

  /** Refuses a role that does not let Lambda in. */
  void checkRole(String arn) {
    if (!roles.isAssumable(arn)) {
      throw Errors.invalid("The role defined for the function cannot be assumed by Lambda.");
    }
  }
}
