// Ask once with an official client, unmodified; what to ask comes as JSON on standard input, one line each,
// and what the client made of the answer goes as JSON to standard output.
const { createRequire } = require('module');
const readline = require('readline');

const installed = createRequire(`${process.argv[2]}/`);
const { Config } = installed('@alicloud/openapi-core').$OpenApiUtil;
const bss = installed('@alicloud/bssopenapi20171214');
const { RPCClient, ROAClient } = installed('@alicloud/pop-core');

const asking = {
  async bss({ endpoint, key, secret, params, signature }) {
    const config = new Config({ accessKeyId: key, accessKeySecret: secret, endpoint, protocol: 'http' });
    if (signature) config.signatureVersion = signature;
    const reply = await new bss.default(config).queryAvailableInstances(new bss.QueryAvailableInstancesRequest(params));
    return reply.body.toMap();
  },
  async rpc({ endpoint, key, secret, params, method }) {
    const options = { accessKeyId: key, accessKeySecret: secret, endpoint: `http://${endpoint}`, apiVersion: '2017-12-14' };
    return new RPCClient(options).request('QueryAvailableInstances', params, { method, timeout: 10000 });
  },
  async roa({ endpoint, key, secret, params }) {
    const options = { accessKeyId: key, accessKeySecret: secret, endpoint: `http://${endpoint}`, apiVersion: '2020-11-26' };
    return new ROAClient(options).request('GET', '/v2/openapi/instances', params, '', {}, { timeout: 10000 });
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const told = JSON.parse(line);
    try {
      console.log(JSON.stringify({ body: await asking[told.client](told) }));
    } catch (error) {
      const requestId = error.requestId || (error.data && (error.data.RequestId || error.data.requestId))
        || (error.result && error.result.requestId);
      console.log(JSON.stringify({ error: { name: error.name, code: error.code, message: error.message, requestId } }));
    }
  }
})();
