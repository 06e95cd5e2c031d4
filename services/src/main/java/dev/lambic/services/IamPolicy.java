package dev.lambic.services;

import java.util.List;
import software.amazon.awssdk.services.iam.model.Policy;
import software.amazon.awssdk.services.iam.model.PolicyVersion;

/**
 * A managed policy of a customer. Immutable.
 *
 * @param account twelve digits
 * @param shape as GetPolicy answers, but without the number of its attachments
 * @param versions the newest first, with their documents as they were given
 * @param lastVersion the number that was given last; none is given twice
 */
record IamPolicy(String account, Policy shape, List<PolicyVersion> versions, int lastVersion) {
  String arn() {
    return shape.arn();
  }
}
