const seen = [];

export const handler = async (event, context) => {
  seen.push(context.tenantId);
  return { tenant: context.tenantId, memory: seen };
};
